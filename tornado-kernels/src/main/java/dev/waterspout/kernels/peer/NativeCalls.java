package dev.waterspout.kernels.peer;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** A shared library whose C functions are looked up by name. */
final class NativeCalls {
    private final String library;
    private final SymbolLookup symbols;

    private NativeCalls(String library, SymbolLookup symbols) {
        this.library = library;
        this.symbols = symbols;
    }

    /**
     * Loads a library for the rest of the process.
     *
     * @param library file name, found as the dynamic linker finds it
     * @return empty if there is none
     */
    // These are the libraries of the drivers, which the runtime has loaded already.
    @SuppressWarnings("restricted")
    static Optional<NativeCalls> load(String library) {
        try {
            return Optional.of(new NativeCalls(library, SymbolLookup.libraryLookup(library, Arena.global())));
        } catch (IllegalArgumentException absent) {
            return Optional.empty();
        }
    }

    /**
     * Returns a function.
     *
     * @param name its symbol
     * @param result type of its result, as its C header has it
     * @param arguments types of its arguments
     * @throws PeerException if the library does not have it
     */
    // The types stand next to the names, as the libraries' headers give them.
    @SuppressWarnings("restricted")
    MethodHandle function(String name, MemoryLayout result, MemoryLayout... arguments) {
        return symbols.find(name)
                .map(address -> Linker.nativeLinker().downcallHandle(address, FunctionDescriptor.of(result, arguments)))
                .orElseThrow(() -> new PeerException(library + " has no " + name));
    }

    /**
     * Returns the exception to throw after a call of a library function threw. Method handles declare every
     * Throwable.
     */
    static RuntimeException failed(String library, Throwable failure) {
        return switch (failure) {
            case RuntimeException unchecked -> unchecked;
            case Error error -> throw error;
            default -> new PeerException("a call of " + library + " failed", failure);
        };
    }
}
