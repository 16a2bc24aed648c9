def add_parser(commands, words): pass
def main(arguments, words): return 0
