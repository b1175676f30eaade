"""Cognito user pools: a pool, its app clients and its users (`cognito-idp`).

No create call here knows a client token, so whoever creates looks first, and one whose answer is lost is not repeated.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentcore_cli.aws.service import AwsService
from agentcore_cli.contract import dns_suffix
from agentcore_cli.errors import ConflictError, NotFoundError

_PAGE: Final = 60  # the most that a list call gives


@dataclass(frozen=True, slots=True)
class UserPool:
    """`domain` is the prefix of its token endpoint's host, None without one."""

    id: str
    name: str
    arn: str
    tags: Mapping[str, str]
    domain: str | None = None

    @property
    def region(self) -> str:
        return self.id.partition("_")[0]

    @property
    def discovery_url(self) -> str:
        host = f"cognito-idp.{self.region}.{dns_suffix(self.region)}"
        return f"https://{host}/{self.id}/.well-known/openid-configuration"


@dataclass(frozen=True, slots=True)
class AppClient:
    """`secret` is None for one that has none, or from a list."""

    id: str
    name: str
    secret: str | None = None


class UserPools(AwsService):
    service = "cognito-idp"

    def find(self, name: str) -> list[UserPool]:
        """All pools of this name: Cognito allows several."""
        listed = self._listed("list_user_pools", "UserPools")
        return [pool for item in listed if item["Name"] == name and (pool := self.get(item["Id"]))]

    def get(self, pool_id: str) -> UserPool | None:
        answer = self._if_there("describe_user_pool", UserPoolId=pool_id)
        if answer is None:
            return None
        found = answer["UserPool"]
        return UserPool(found["Id"], found["Name"], found["Arn"], found.get("UserPoolTags", {}), found.get("Domain"))

    def create(self, name: str, tags: Mapping[str, str]) -> UserPool:
        """A pool that nobody can sign up to: its users are made by whoever owns it."""
        answer = self._session.call_once(
            self.service,
            "create_user_pool",
            PoolName=name,
            UserPoolTags=dict(tags),
            AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        )["UserPool"]
        return UserPool(answer["Id"], name, answer["Arn"], dict(tags))

    def delete(self, pool: UserPool) -> None:
        """With all its clients and users, and its domain first; gone already is as good."""
        try:
            if pool.domain:
                self._call("delete_user_pool_domain", UserPoolId=pool.id, Domain=pool.domain)
            self._call("delete_user_pool", UserPoolId=pool.id)
        except NotFoundError:
            return

    def clients(self, pool_id: str) -> list[AppClient]:
        listed = self._listed("list_user_pool_clients", "UserPoolClients", UserPoolId=pool_id)
        return [AppClient(item["ClientId"], item["ClientName"]) for item in listed]

    def create_user_client(self, pool_id: str, name: str) -> AppClient:
        """A client without a secret, for users who show a password."""
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
        return self._create_client(UserPoolId=pool_id, ClientName=name, GenerateSecret=False, ExplicitAuthFlows=flows)

    def create_service_client(self, pool_id: str, name: str, scopes: Collection[str]) -> AppClient:
        """A client with a secret that gets tokens for itself (the client-credentials grant)."""
        return self._create_client(
            UserPoolId=pool_id,
            ClientName=name,
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=sorted(scopes),
        )

    def client(self, pool_id: str, client_id: str) -> AppClient:
        answer = self._call("describe_user_pool_client", UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]
        return AppClient(answer["ClientId"], answer["ClientName"], answer.get("ClientSecret"))

    def create_domain(self, pool_id: str, prefix: str) -> None:
        """The host of the token endpoint, `<prefix>.auth.<region>.amazoncognito.com`: one pool in a region has it."""
        self._call("create_user_pool_domain", UserPoolId=pool_id, Domain=prefix)

    def create_resource_server(self, pool_id: str, identifier: str, scope: str) -> None:
        """What makes `<identifier>/<scope>` a scope. Raises ConflictError when it is there."""
        scopes = [{"ScopeName": scope, "ScopeDescription": "Invoke the agent"}]
        self._call("create_resource_server", UserPoolId=pool_id, Identifier=identifier, Name=identifier, Scopes=scopes)

    def has_resource_server(self, pool_id: str, identifier: str) -> bool:
        return self._if_there("describe_resource_server", UserPoolId=pool_id, Identifier=identifier) is not None

    def user_status(self, pool_id: str, name: str) -> str | None:
        """CONFIRMED for one who can sign in, FORCE_CHANGE_PASSWORD for one who never did; None: there is none."""
        answer = self._if_there("admin_get_user", UserPoolId=pool_id, Username=name)
        return answer["UserStatus"] if answer else None

    def create_user(self, pool_id: str, name: str) -> None:
        """A user without a password; no message is sent to anybody. One that is there already is as good."""
        try:
            self._call("admin_create_user", UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS")
        except ConflictError:
            return

    def set_password(self, pool_id: str, name: str, password: str) -> None:
        """It needs no change at the first sign-in."""
        self._call("admin_set_user_password", UserPoolId=pool_id, Username=name, Password=password, Permanent=True)

    def access_token(self, client_id: str, name: str, password: str) -> str:
        """InitiateAuth; it needs no AWS credentials. Raises CredentialsError for a wrong user or password."""
        answer = self._call(
            "initiate_auth",
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
        )
        token: str = answer["AuthenticationResult"]["AccessToken"]
        return token

    def _create_client(self, **parameters: Any) -> AppClient:
        answer = self._session.call_once(self.service, "create_user_pool_client", **parameters)["UserPoolClient"]
        return AppClient(answer["ClientId"], answer["ClientName"], answer.get("ClientSecret"))

    def _listed(self, operation: str, key: str, **parameters: Any) -> list[dict[str, Any]]:
        return self._pages(operation, key, following="NextToken", MaxResults=_PAGE, **parameters)
