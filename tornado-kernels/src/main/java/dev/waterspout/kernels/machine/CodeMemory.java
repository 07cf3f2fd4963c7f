package dev.waterspout.kernels.machine;

import java.lang.foreign.MemorySegment;

/**
 * Memory for code: pages are written first and made executable then, never both at once. They live as long as the
 * process.
 */
final class CodeMemory {
    private static final int READ_WRITE = 3;
    private static final int READ_EXECUTE = 5;
    private static final int PRIVATE_ANONYMOUS = 0x22;
    private static final long PAGE = 4096;

    private CodeMemory() {}

    /**
     * Makes a function callable.
     *
     * @param code its bytes
     * @return its address
     * @throws NoMachineCodeException if the system gives no such memory
     */
    static MemorySegment place(byte[] code) {
        if (!CFunction.isAllowed()) {
            throw new NoMachineCodeException("the JVM allows no native access (--enable-native-access)");
        }
        long size = (code.length + PAGE - 1) / PAGE * PAGE;
        MemorySegment pages = map(size);
        MemorySegment.copy(MemorySegment.ofArray(code), 0, pages, 0, code.length);
        protect(pages, size);
        return MemorySegment.ofAddress(pages.address());
    }

    @SuppressWarnings("restricted") // mmap returns that many bytes
    private static MemorySegment map(long size) {
        long address = function("mmap").call(0, size, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0);
        if (address == -1) {
            throw new NoMachineCodeException("the system gives no memory for code");
        }
        return MemorySegment.ofAddress(address).reinterpret(size);
    }

    private static void protect(MemorySegment pages, long size) {
        if ((int) function("mprotect").call(pages.address(), size, READ_EXECUTE) != 0) {
            throw new NoMachineCodeException("the system does not make memory executable");
        }
    }

    private static CFunction function(String name) {
        return CFunction.named(name).orElseThrow(() -> new NoMachineCodeException("the C library has no " + name));
    }

    /** A function in such memory. */
    record Placed(MemorySegment code) implements MachineCode.Function {
        @Override
        public void call(long a, long b, long c, long d, long e, long f) {
            var _ = CFunction.call(code, a, b, c, d, e, f);
        }
    }
}
