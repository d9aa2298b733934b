"""Start the tracking server, after a look at what it needs: database, bucket, logins.

    entrypoint.py mlflow server …

What is missing or out of reach is one sentence that names the setting to change, and exit code 2; whoever runs the
container starts it again. Anything else than `mlflow server` is started as it is. Settings are read where MLflow reads
them: from the command line, else from the environment.
"""

import configparser
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

_ANSWER_SECONDS = 10


class Refusal(Exception):
    """The server cannot start like this; the message says what to change."""


def check(words: Sequence[str], environment: Mapping[str, str]) -> None:
    """Raise Refusal where the server would not come up, or would come up without what it keeps."""
    store = _setting(words, environment, "--backend-store-uri", "MLFLOW_BACKEND_STORE_URI")
    if not store:
        raise Refusal(
            "There is no database: set MLFLOW_BACKEND_STORE_URI, such as postgresql+psycopg2://USER:PASSWORD@HOST/mlflow."
        )
    _open_database(store, "MLFLOW_BACKEND_STORE_URI or --backend-store-uri")
    if _setting(words, environment, "--app-name", "MLFLOW_APP_NAME") == "basic-auth":
        _check_logins(environment)
    artifacts = _setting(words, environment, "--artifacts-destination", "MLFLOW_ARTIFACTS_DESTINATION")
    if artifacts.startswith("s3://"):
        _ask_bucket(artifacts, environment)
    elif artifacts and not os.access(Path(urlsplit(artifacts).path), os.W_OK):
        raise Refusal(
            f"Files cannot be kept in {artifacts}, which user {os.getuid()} may not write: mount a volume there, or "
            "set MLFLOW_ARTIFACTS_DESTINATION to s3://BUCKET/PATH."
        )


def _setting(words: Sequence[str], environment: Mapping[str, str], option: str, variable: str) -> str:
    for number, word in enumerate(words):
        if word == option:
            return words[number + 1] if number + 1 < len(words) else ""
        if word.startswith(f"{option}="):
            return word.removeprefix(f"{option}=")
    return environment.get(variable, "")


def _open_database(url: str, setting: str) -> None:
    from sqlalchemy import create_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        place = make_url(url)
        shown = place.render_as_string(hide_password=True)
    except ArgumentError as error:
        raise Refusal(
            f"{setting} is not a database's URL: write postgresql+psycopg2://USER:PASSWORD@HOST/NAME."
        ) from error
    try:
        create_engine(place).connect().close()
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        said = str(error).strip().split("\n")[0]
        host = "" if place.host else ", or PGHOST and PGPORT, since it names no host"
        raise Refusal(
            f"The database {shown} cannot be opened ({said}): start it, or change {setting}{host}."
        ) from error


def _check_logins(environment: Mapping[str, str]) -> None:
    """A server with logins needs the file that says where they are kept, and a key that outlives a restart."""
    if not environment.get("MLFLOW_FLASK_SERVER_SECRET_KEY"):
        raise Refusal(
            "Logins need MLFLOW_FLASK_SERVER_SECRET_KEY: make a key with `openssl rand -hex 24`, and keep it."
        )
    path = environment.get("MLFLOW_AUTH_CONFIG_PATH", "")
    logins = configparser.ConfigParser(interpolation=None)
    try:
        found = logins.read(path)
    except (configparser.Error, OSError) as error:
        raise Refusal(f"{path}, which MLFLOW_AUTH_CONFIG_PATH names, cannot be read ({error}).") from error
    if not found or not logins.has_option("mlflow", "database_uri"):
        raise Refusal(
            f"MLFLOW_AUTH_CONFIG_PATH names {path or 'no file'}, in which no [mlflow] database_uri is: mount the "
            "file that says where logins are kept, and who is the administrator."
        )
    _open_database(logins["mlflow"]["database_uri"], f"database_uri in {path}")


def _ask_bucket(artifacts: str, environment: Mapping[str, str]) -> None:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

    bucket = urlsplit(artifacts).netloc
    endpoint = environment.get("MLFLOW_S3_ENDPOINT_URL") or None
    patience = Config(connect_timeout=_ANSWER_SECONDS, read_timeout=_ANSWER_SECONDS, retries={"total_max_attempts": 2})
    try:
        boto3.client("s3", endpoint_url=endpoint, config=patience).head_bucket(Bucket=bucket)
    except NoCredentialsError as error:
        raise Refusal(
            f"Nothing says who may read the bucket {bucket}: give the service account a role, or set AWS_ACCESS_KEY_ID "
            "and AWS_SECRET_ACCESS_KEY."
        ) from error
    except ClientError as error:
        code = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        said = _REFUSED.get(code, f"answers {code}: change MLFLOW_S3_ENDPOINT_URL or MLFLOW_ARTIFACTS_DESTINATION")
        raise Refusal(f"The bucket {bucket} {said}.") from error
    except (BotoCoreError, ValueError) as error:
        raise Refusal(
            f"The bucket {bucket} cannot be reached at {endpoint or 'AWS'} ({error}): start what keeps it, or change "
            "MLFLOW_S3_ENDPOINT_URL, AWS_DEFAULT_REGION or MLFLOW_ARTIFACTS_DESTINATION."
        ) from error


_REFUSED = {
    301: "is in another region: change AWS_DEFAULT_REGION",
    403: "may not be read with these rights: change the role of the service account, or AWS_ACCESS_KEY_ID and "
    "AWS_SECRET_ACCESS_KEY",
    404: "does not exist: make it, or change MLFLOW_ARTIFACTS_DESTINATION",
}


def main(words: list[str]) -> None:
    """Check, then become what was asked for."""
    if words[:2] == ["mlflow", "server"]:
        try:
            check(words[2:], os.environ)
        except Refusal as refusal:
            print(f"mlflow: {refusal}", file=sys.stderr)
            raise SystemExit(2) from None
    os.execvp(words[0], words)


if __name__ == "__main__":
    main(sys.argv[1:])
