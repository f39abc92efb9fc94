"""The kernel layer: what a run may ask of the kernel (seccomp) and which files it may touch (Landlock).

Standard library only. It switches itself on where the kernel allows it; Lambda's does not.
"""

from .confinement import Confinement, Kernel, KernelError, hide_self, library_folders
from .probe import probe

__all__ = ["Confinement", "Kernel", "KernelError", "hide_self", "library_folders", "probe"]
