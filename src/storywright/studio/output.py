"""The folder for what is made, looked at before the work begins: nobody wants to hear of it after an hour."""

from pathlib import Path

from storywright import files
from storywright.errors import BadInput


def refuse_unwritable(folder: Path) -> None:
    """Make the folder, and say so where that, or writing a file in it, is not possible."""
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"{folder} is a file, and the boards need a folder: choose another --out.")
    probe = folder / ".storywright"
    with files.full_disk_named(folder):
        try:
            files.write_text(probe, "")
        except (FileExistsError, NotADirectoryError) as error:
            raise BadInput(
                f"{folder} leads through a file, and the boards need a folder: choose another --out."
            ) from error
        except FileNotFoundError as error:
            raise BadInput(
                f"{folder} cannot be made, since nothing can be written there: choose another --out."
            ) from error
        probe.unlink()
