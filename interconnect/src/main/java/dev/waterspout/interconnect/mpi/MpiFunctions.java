package dev.waterspout.interconnect.mpi;

import dev.waterspout.interconnect.InterconnectException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * The MPI functions that are called. Each returns an error code, 0 for success. An MPI handle is a {@code long} here,
 * for every type that it has in C.
 *
 * @param initThread {@code (int* argc, char*** argv, int required, int* provided)}
 * @param finish MPI_Finalize, {@code ()}
 * @param errorString {@code (int code, char* text, int* length)}
 * @param errorClass {@code (int code, int* class)}
 * @param processorName {@code (char* name, int* length)}
 * @param commRank {@code (comm, int* rank)}
 * @param commSize {@code (comm, int* size)}
 * @param commAttribute {@code (comm, int key, void* value, int* found)}
 * @param commErrorHandler {@code (comm, handler)}
 * @param commDuplicate MPI_Comm_idup, {@code (comm, comm* copy, request*)}
 * @param send MPI_Isend, {@code (buffer, int count, type, int rank, int tag, comm, request*)}
 * @param sendMatched MPI_Issend, as send
 * @param receive MPI_Irecv, as send
 * @param testSome {@code (int count, request*, int* completed, int* indices, status*)}
 * @param count MPI_Get_count, {@code (status*, type, int* count)}
 */
record MpiFunctions(
        MethodHandle initThread,
        MethodHandle finish,
        MethodHandle errorString,
        MethodHandle errorClass,
        MethodHandle processorName,
        MethodHandle commRank,
        MethodHandle commSize,
        MethodHandle commAttribute,
        MethodHandle commErrorHandler,
        MethodHandle commDuplicate,
        MethodHandle send,
        MethodHandle sendMatched,
        MethodHandle receive,
        MethodHandle testSome,
        MethodHandle count) {

    /** Finds all functions; their signatures are written with i for int, h for an MPI handle and p for a pointer. */
    static MpiFunctions bind(SymbolLookup symbols, MpiAbi abi) {
        return new MpiFunctions(
                bind(symbols, abi, "MPI_Init_thread", "ppip"),
                bind(symbols, abi, "MPI_Finalize", ""),
                bind(symbols, abi, "MPI_Error_string", "ipp"),
                bind(symbols, abi, "MPI_Error_class", "ip"),
                bind(symbols, abi, "MPI_Get_processor_name", "pp"),
                bind(symbols, abi, "MPI_Comm_rank", "hp"),
                bind(symbols, abi, "MPI_Comm_size", "hp"),
                bind(symbols, abi, "MPI_Comm_get_attr", "hipp"),
                bind(symbols, abi, "MPI_Comm_set_errhandler", "hh"),
                bind(symbols, abi, "MPI_Comm_idup", "hpp"),
                bind(symbols, abi, "MPI_Isend", "pihiihp"),
                bind(symbols, abi, "MPI_Issend", "pihiihp"),
                bind(symbols, abi, "MPI_Irecv", "pihiihp"),
                bind(symbols, abi, "MPI_Testsome", "ipppp"),
                bind(symbols, abi, "MPI_Get_count", "php"));
    }

    @SuppressWarnings("restricted")
    private static MethodHandle bind(SymbolLookup symbols, MpiAbi abi, String name, String signature) {
        MemoryLayout[] parameters = new MemoryLayout[signature.length()];
        Class<?>[] types = new Class<?>[signature.length()];
        for (int i = 0; i < parameters.length; i++) {
            parameters[i] = switch (signature.charAt(i)) {
                case 'i' -> ValueLayout.JAVA_INT;
                case 'h' -> abi.handles().layout();
                default -> ValueLayout.ADDRESS;
            };
        }
        MethodHandle exact = Linker.nativeLinker()
                .downcallHandle(
                        symbols.find(name)
                                .orElseThrow(
                                        () -> new InterconnectException("the MPI library has no function " + name)),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters));
        for (int i = 0; i < types.length; i++) {
            types[i] = signature.charAt(i) == 'h' ? long.class : exact.type().parameterType(i);
        }
        return MethodHandles.explicitCastArguments(exact, MethodType.methodType(int.class, types));
    }
}
