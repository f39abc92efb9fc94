"""The kernel layer: what a run may ask of the kernel (seccomp) and which files it may touch (Landlock).

Standard library only. It switches itself on where the kernel allows it; Lambda's does not.
"""

from .confinement import Confinement, Kernel, KernelError, hide_self, library_folders
from .landlock import SHARED_MEMORY
from .probe import probe

__all__ = [
    "SHARED_MEMORY",
    "Confinement",
    "Kernel",
    "KernelError",
    "hide_self",
    "library_folders",
    "probe",
]
