package dev.waterspout.interconnect.mpi;

/** The kind of launcher that started this process. An MPI library works only with its own kind. */
public enum Launcher {
    /** Open MPI's {@code mpirun}, or PMIx under Slurm. */
    OPEN_MPI,
    /** MPICH's {@code mpiexec} (Hydra), or PMI under Slurm. */
    MPICH,
    /** No known launcher. */
    UNKNOWN
}
