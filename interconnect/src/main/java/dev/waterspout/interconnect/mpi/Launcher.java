package dev.waterspout.interconnect.mpi;

/** What started this process: a library works only with a launcher of its own kind. */
public enum Launcher {
    /** Open MPI's {@code mpirun}, or PMIx under Slurm. */
    OPEN_MPI,
    /** MPICH's {@code mpiexec} (Hydra), or PMI under Slurm. */
    MPICH,
    /** None that is known. */
    UNKNOWN
}
