package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * The binary interface of an MPI library. Open MPI's handles are the addresses of its global variables, MPICH's are
 * numbers.
 *
 * @param launcher launcher of this library's processes
 * @param signals signals that tell processes that another one has failed
 * @param words words of which the library's version text contains one; none if symbols identify the library
 * @param handles predefined handles
 * @param numbers predefined integers
 * @param status layout of MPI_Status
 */
record MpiAbi(
        Launcher launcher, List<String> signals, List<String> words, Handles handles, Numbers numbers, Status status) {
    static final MpiAbi OPEN_MPI = new MpiAbi(
            Launcher.OPEN_MPI,
            List.of("TERM"),
            List.of(),
            new Handles(
                    ValueLayout.JAVA_LONG,
                    "ompi_mpi_comm_world",
                    "ompi_mpi_byte",
                    "ompi_request_null",
                    "ompi_mpi_errors_return"),
            new Numbers(-1, -1, 0),
            new Status(24, 4, 8));

    /** Derivatives of MPICH with its binary interface have its name in their version text. */
    static final MpiAbi MPICH = new MpiAbi(
            Launcher.MPICH,
            List.of("TERM", "USR1"), // the second under -disable-auto-cleanup
            List.of("MPICH", "Intel(R) MPI", "MVAPICH"),
            new Handles(ValueLayout.JAVA_INT, "0x44000000", "0x4c00010d", "0x2c000000", "0x54000001"),
            new Numbers(-2, -1, 0x64400001),
            new Status(20, 12, 16));

    /** The known interfaces. */
    static final List<MpiAbi> ALL = List.of(OPEN_MPI, MPICH);

    /**
     * Predefined handles. Each is the name of a symbol, whose address is the handle, or a number.
     *
     * @param layout layout of a handle
     * @param world MPI_COMM_WORLD
     * @param bytes MPI_BYTE
     * @param noRequest MPI_REQUEST_NULL
     * @param errorsReturn MPI_ERRORS_RETURN
     */
    record Handles(MemoryLayout layout, String world, String bytes, String noRequest, String errorsReturn) {}

    /**
     * Predefined integers.
     *
     * @param anySource MPI_ANY_SOURCE
     * @param anyTag MPI_ANY_TAG
     * @param tagLimit MPI_TAG_UB, a key of a communicator's attributes
     */
    record Numbers(int anySource, int anyTag, int tagLimit) {}

    /**
     * MPI_Status.
     *
     * @param bytes its size
     * @param tag offset of MPI_TAG, an int
     * @param error offset of MPI_ERROR, an int
     */
    record Status(int bytes, int tag, int error) {}

    /** {@return whether a library has this interface} */
    boolean matches(SymbolLookup symbols, String version) {
        return words.isEmpty()
                ? symbols.find(handles.world).isPresent()
                : words.stream().anyMatch(version::contains);
    }

    /** {@return the value of a predefined handle} */
    long value(SymbolLookup symbols, String handle) {
        return handle.startsWith("0x")
                ? Integer.decode(handle)
                : symbols.find(handle)
                        .orElseThrow(() -> new InterconnectException("the MPI library has no symbol " + handle))
                        .address();
    }
}
