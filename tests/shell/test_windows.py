"""What the practice shell does on Windows, as far as it can be seen on another system."""

from __future__ import annotations

import sys

from pypi_practice.shell import client_settings, session


def test_the_command_is_a_batch_file(tmp_path):
    session.write_command(tmp_path / "bin", "nt")
    (script,) = (tmp_path / "bin").iterdir()
    assert script.name == "pypi-practice.cmd"
    assert script.read_text("utf-8") == f'@"{sys.executable}" -P -m pypi_practice %*\n'


def test_the_shell_is_the_one_that_windows_names():
    environ = {"COMSPEC": r"C:\Windows\system32\cmd.exe", "SHELL": "/bin/bash"}
    assert session.default_shell(environ, "nt") == [r"C:\Windows\system32\cmd.exe"]
    assert session.default_shell({}, "nt") == ["cmd.exe"]


def test_the_settings_of_uv_are_those_of_the_users_folder(tmp_path):
    roaming = tmp_path / "AppData" / "Roaming"
    elsewhere = tmp_path / "elsewhere"
    for folder in (roaming, elsewhere):
        (folder / "uv").mkdir(parents=True)
        (folder / "uv" / "uv.toml").write_text('no-proxy = ["*"]\n', "utf-8")
    for environ, folder in (({}, roaming), ({"APPDATA": str(elsewhere)}, elsewhere)):
        detours = list(client_settings.uv_detours(environ, tmp_path, tmp_path / "empty", "nt"))
        assert [detour.path for detour in detours] == [str(folder / "uv" / "uv.toml")]


def test_the_settings_of_pip_have_another_name(tmp_path):
    environ = {"HOME": str(tmp_path), "APPDATA": str(tmp_path / "roaming")}
    (tmp_path / "roaming" / "pip").mkdir(parents=True)
    (tmp_path / "roaming" / "pip" / "pip.ini").write_text("[global]\nproxy = a.example\n", "utf-8")
    assert client_settings.has_pip_proxy(environ, "nt")
    assert not client_settings.has_pip_proxy(environ, "posix")
