kill "$server"
