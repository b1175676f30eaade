"""What plays AWS's services of credentials is asked by botocore, and understood."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest
from botocore.credentials import InstanceMetadataProvider
from botocore.exceptions import ClientError
from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher

from tests.fakes.credential_services import TOKEN, CredentialServices


@pytest.fixture
def services() -> Iterator[CredentialServices]:
    with CredentialServices() as running:
        running.give("ASIAFIRST")
        yield running


def test_the_portal_of_single_sign_on(services: CredentialServices) -> None:
    portal = boto3.client("sso", endpoint_url=services.url, region_name="us-west-2")
    asked = {"roleName": "Dev", "accountId": "123456789012", "accessToken": TOKEN}
    assert portal.get_role_credentials(**asked)["roleCredentials"]["secretAccessKey"] == "secret-of-ASIAFIRST"
    with pytest.raises(ClientError, match="UnauthorizedException"):
        portal.get_role_credentials(**asked | {"accessToken": "another"})
    services.end_login()
    with pytest.raises(ClientError, match="UnauthorizedException"):
        portal.get_role_credentials(**asked)
    portal.close()


def test_the_service_of_a_container(services: CredentialServices) -> None:
    fetcher = ContainerMetadataFetcher(sleep=lambda seconds: None)
    told = fetcher.retrieve_full_uri(f"{services.url}/container", {"Authorization": "container-token"})
    assert (told["AccessKeyId"], told["Token"]) == ("ASIAFIRST", "token-of-ASIAFIRST")


def test_the_service_of_an_instance(services: CredentialServices) -> None:
    services.give("ASIASECOND", seconds=7200)
    fetcher = InstanceMetadataFetcher(config={"ec2_metadata_service_endpoint": services.url})
    found = InstanceMetadataProvider(fetcher).load()
    assert found is not None
    assert found.get_frozen_credentials().secret_key == "secret-of-ASIASECOND"
