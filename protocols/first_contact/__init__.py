"""First contact."""

from tsbench.protocols.first_contact.protocol import FirstContact

PROTOCOL = FirstContact
