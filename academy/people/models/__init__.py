from academy.people.models.access_log import AccessLog
from academy.people.models.activation import ActivationCode
from academy.people.models.agency import Agency, AgencyGroup, WorkUnit
from academy.people.models.change_log import ChangeLog
from academy.people.models.organiser import Organiser
from academy.people.models.person import NipHistory, Person
from academy.people.models.placement import Placement
from academy.people.models.role import Role
from academy.people.models.roster_import import RosterChange, RosterImport
from academy.people.models.transfer import Transfer

__all__ = [
    "AccessLog",
    "ActivationCode",
    "Agency",
    "AgencyGroup",
    "ChangeLog",
    "NipHistory",
    "Organiser",
    "Person",
    "Placement",
    "Role",
    "RosterChange",
    "RosterImport",
    "Transfer",
    "WorkUnit",
]
