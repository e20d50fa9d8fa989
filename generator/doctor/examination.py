"""What every check reaches the world through; each thing is found out once, also that it fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from generator.config.model import Config
from generator.config.templates import templates_of
from generator.doctor.accounts import Accounts, AwsPlace
from generator.doctor.findings import Unchecked
from generator.doctor.sign_in import SignIn, sign_in
from generator.doctor.token_secret import read_token
from generator.errors import GeneratorError
from generator.github.clock import Clock
from generator.infrastructure.names import Names, names_of
from generator.remotes import TokenProvider

T = TypeVar("T")


class Once(Generic[T]):
    """Calls `find` at most once; gives its value, or raises its error, every time."""

    def __init__(self, find: Callable[[], T]) -> None:
        self._find = find
        self._values: list[T] = []
        self._error: GeneratorError | None = None

    def __call__(self) -> T:
        """Return the value."""
        if not self._values and self._error is None:
            try:
                self._values.append(self._find())
            except GeneratorError as error:
                self._error = error
        if self._error is not None:
            raise self._error.with_traceback(None)
        return self._values[0]


class Examination:
    """One configuration that can be used, and the ways to what it names.

    file: where the configuration is. clock: for the pauses that GitHub asks for.
    """

    def __init__(
        self, file: Path, config: Config, accounts: Accounts, clock: Clock | None = None
    ) -> None:
        self.file = file
        self.config = config
        self.accounts = accounts
        # The secret's members; raises Absent, Unchecked or TokenUnusable.
        self.token = Once(lambda: read_token(config, accounts))
        # The templates; raises what `templates_of` raises.
        self.catalog = Once(lambda: templates_of(config, self._template_token()))
        # The way to GitHub; raises what `sign_in` raises.
        self.sign_in = Once(lambda: sign_in(config.github, self.token, clock))

    @cached_property
    def names(self) -> Names:
        """Names of the control plane's resources."""
        return names_of(self.config)

    def _template_token(self) -> TokenProvider | None:
        """Return the token of GitHub, if there is one; why there is none is said of the token."""
        if self.config.templates is None:
            return None
        try:
            tokens = self.github().api.tokens
        except Unchecked:
            return None
        return lambda: tokens.token().reveal()

    def github(self) -> SignIn:
        """Return the way to GitHub. Raises Unchecked: why there is none is said of the token."""
        try:
            return self.sign_in()
        except GeneratorError:
            raise Unchecked("GitHub could not be asked: see the token") from None

    @property
    def governance(self) -> AwsPlace:
        """The account of the domains."""
        return self.accounts.at(self.config.governance)

    @property
    def shared(self) -> AwsPlace:
        """The account of the control plane."""
        return self.accounts.at(self.config.shared_services)

    def stages(self) -> list[AwsPlace]:
        """Return where stages are, each place once."""
        found = [stage for tenant in self.config.tenants for stage in tenant.stages.values()]
        return [*dict.fromkeys(AwsPlace(one.account, one.region, self.accounts) for one in found)]
