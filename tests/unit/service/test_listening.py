"""A service listens where it should, and in doubt nowhere."""

from __future__ import annotations

import os
import socket
import ssl
import stat
from pathlib import Path

import pytest

from signpost.service.files import alone_in
from signpost.service.listening import PublicAddress, Tls, admin_socket, public_socket, tls_context
from signpost.service.refusals import RefusalCode, StartRefused
from tests.support.certificates import make_certificate

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - to see it refused, and to bind it once, with TLS, to no port anybody knows


def code_of(address: PublicAddress) -> RefusalCode:
    with pytest.raises(StartRefused) as refused:
        public_socket(address).close()
    return refused.value.code


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "localhost", "::1"])
def test_loopback_needs_no_certificate(host: str) -> None:
    if ":" in host and not has_ipv6():
        pytest.skip("this machine has no IPv6 loopback")

    with public_socket(PublicAddress(host, 0)) as listening:
        bound, port = listening.getsockname()[:2]

    assert bound == ("127.0.0.1" if host == "localhost" else host)
    assert port > 0


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as trial:
            trial.bind(("::1", 0))
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    "host", [EVERY_ADDRESS, "::", "192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:0.0.0.0", "fe80::1"]
)
def test_beyond_loopback_a_certificate_is_required(host: str) -> None:
    """`0.0.0.0` and `::` are every address of the machine, so they are beyond."""
    assert code_of(PublicAddress(host, 0)) is RefusalCode.CERTIFICATE_REQUIRED


def test_with_a_certificate_every_address_is_allowed(tmp_path: Path) -> None:
    with public_socket(PublicAddress(EVERY_ADDRESS, 0, make_certificate(tmp_path))) as listening:
        assert listening.getsockname()[0] == EVERY_ADDRESS


@pytest.mark.parametrize("host", ["", "example.org", "localhost.example.org", "LOCALHOST ", "127.1", "*", "1"])
def test_a_name_is_no_address(host: str) -> None:
    """Whatever it resolves to today; and a certificate changes nothing about that."""
    assert code_of(PublicAddress(host, 0)) is RefusalCode.ADDRESS_MALFORMED
    assert code_of(PublicAddress(host, 0, Tls(Path("x"), Path("y")))) is RefusalCode.ADDRESS_MALFORMED


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_is_sixteen_bits(port: int) -> None:
    assert code_of(PublicAddress("127.0.0.1", port)) is RefusalCode.ADDRESS_MALFORMED


def test_a_port_somebody_else_listens_on_is_refused() -> None:
    with public_socket(PublicAddress("127.0.0.1", 0)) as first:
        assert code_of(PublicAddress("127.0.0.1", first.getsockname()[1])) is RefusalCode.ADDRESS_UNAVAILABLE


def test_tls_is_1_3_and_nothing_older(tmp_path: Path) -> None:
    assert tls_context(make_certificate(tmp_path)).minimum_version is ssl.TLSVersion.TLSv1_3


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    pair = make_certificate(tmp_path)
    pair.key.chmod(0o640)

    with pytest.raises(StartRefused) as refused:
        tls_context(pair)

    assert refused.value.code is RefusalCode.FILE_OPEN_TO_OTHERS
    assert refused.value.path == pair.key


@pytest.mark.parametrize("fault", ["another's key", "no certificate", "not PEM", "sealed by a passphrase"])
def test_a_certificate_that_cannot_be_used_is_refused(tmp_path: Path, fault: str) -> None:
    """A sealed key is refused at once: nobody sits at a service's terminal to be asked."""
    (tmp_path / "other").mkdir()
    pair = make_certificate(tmp_path, passphrase=b"heirloom" if fault.startswith("sealed") else None)
    match fault:
        case "another's key":
            pair = Tls(pair.certificate, make_certificate(tmp_path / "other").key)
        case "no certificate":
            pair.certificate.unlink()
        case "not PEM":
            pair.certificate.write_bytes(b"heirloom")

    with pytest.raises(StartRefused) as refused:
        tls_context(pair)

    assert refused.value.code is RefusalCode.CERTIFICATE_REFUSED
    assert "heirloom" not in str(refused.value)


def test_the_admin_socket_is_this_users_own(tmp_path: Path) -> None:
    """0600 in a folder that is 0700, whatever the umask; gone when it is closed."""
    path = tmp_path / "data" / "admin.sock"
    before = os.umask(0)
    try:
        with admin_socket(path):
            modes = (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode))
    finally:
        os.umask(before)

    assert modes == (0o600, 0o700)
    assert not path.exists()


def test_a_socket_left_by_a_killed_process_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(path))

    with admin_socket(path), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))


def test_a_socket_somebody_serves_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        other.listen()

        with pytest.raises(StartRefused) as refused, admin_socket(path):
            pass

        assert refused.value.code is RefusalCode.ALREADY_RUNNING
        assert path.exists()


def test_one_folder_is_served_once(tmp_path: Path) -> None:
    """The lock on the folder decides, before either has a socket; its end frees it."""
    with admin_socket(tmp_path / "a.sock"), pytest.raises(StartRefused) as refused, admin_socket(tmp_path / "b.sock"):
        pass

    assert refused.value.code is RefusalCode.ALREADY_RUNNING
    with admin_socket(tmp_path / "b.sock"):
        pass


def test_the_lock_is_not_kept_when_the_start_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "admin.sock"
    path.write_text("a file of somebody else")

    with pytest.raises(StartRefused) as refused, admin_socket(path):
        pass

    assert refused.value.code is RefusalCode.ADDRESS_UNAVAILABLE
    assert path.read_text() == "a file of somebody else"
    with alone_in(tmp_path):
        pass


def test_a_path_too_long_for_a_socket_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(StartRefused) as refused, admin_socket(tmp_path / ("x" * 108)):
        pass

    assert refused.value.code is RefusalCode.SOCKET_PATH_TOO_LONG


def test_a_folder_others_can_enter_holds_no_socket(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o755)

    with pytest.raises(StartRefused) as refused, admin_socket(folder / "admin.sock"):
        pass

    assert refused.value.code is RefusalCode.FOLDER_OPEN_TO_OTHERS
