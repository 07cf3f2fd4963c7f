package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/**
 * The features of this machine's processor and system, read with the instructions CPUID and XGETBV (Intel 64 and IA-32
 * Architectures Software Developer's Manual, volume 1, chapters 14 and 15).
 */
final class Processor {
    /** cpuid of leaf rdi and subleaf rsi; eax, ebx, ecx and edx go to the address rdx. */
    private static final byte[] CPUID = HexFormat.of()
            .parseHex("53" + "89f8" + "89f1" + "4989d0" + "0fa2" + "418900" + "41895804" + "41894808" + "4189500c"
                    + "5b" + "c3");

    /** xgetbv of register 0; stores eax at the address rdi. */
    private static final byte[] XGETBV = HexFormat.of().parseHex("31c9" + "0f01d0" + "8907" + "c3");

    /** The first bytes of a program. */
    private static final byte[] ELF = {0x7f, 'E', 'L', 'F'};

    /** Where a program's header names the processor. */
    private static final int MACHINE = 18;

    private static final byte X64 = 62;

    private static final int EAX = 0;
    private static final int EBX = 1;
    private static final int ECX = 2;
    private static final int FEATURES = 1;
    private static final int EXTENDED = 7;

    /** FMA, XGETBV, AVX and conversions of halves, of leaf 1, ecx. */
    private static final int BASE = 1 << 12 | 1 << 27 | 1 << 28 | 1 << 29;

    /** Of leaf 7, ebx. */
    private static final int AVX2 = 1 << 5;

    /** Foundation, doublewords, bytes, vector lengths, of leaf 7, ebx. */
    private static final int AVX512 = 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31;

    /** Of leaf 7, ecx. */
    private static final int AVX512_VNNI = 1 << 11;

    /** Of leaf 7, subleaf 1, eax. */
    private static final int AVX_VNNI = 1 << 4;

    /** The system saves vectors of 256 bits. */
    private static final int SAVES_256 = 1 << 1 | 1 << 2;

    /** The system saves vectors of 512 bits and masks. */
    private static final int SAVES_512 = SAVES_256 | 1 << 5 | 1 << 6 | 1 << 7;

    private Processor() {}

    /**
     * {@return the sets that can run here}
     *
     * @throws NoMachineCodeException if this is no x86-64 Linux, or memory for code is not to be had
     */
    static Set<Isa> sets() {
        if (!isLinuxOnX64()) {
            throw new NoMachineCodeException("machine code is emitted for x86-64 under Linux only");
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment result = arena.allocate(4L * Integer.BYTES, Integer.BYTES);
            MemorySegment cpuid = CodeMemory.place(CPUID);
            Set<Isa> sets = EnumSet.noneOf(Isa.class);
            if (ask(cpuid, 0, 0, result, EAX) < EXTENDED || !has(ask(cpuid, FEATURES, 0, result, ECX), BASE)) {
                return sets;
            }
            var _ = CFunction.call(CodeMemory.place(XGETBV), result.address(), 0, 0, 0, 0, 0);
            int saved = result.getAtIndex(Layouts.I32, 0);
            int basic = ask(cpuid, EXTENDED, 0, result, EBX);
            if (has(saved, SAVES_256) && has(basic, AVX2)) {
                sets.add(Isa.AVX2);
                int subleaves = ask(cpuid, EXTENDED, 0, result, EAX);
                if (subleaves >= 1 && has(ask(cpuid, EXTENDED, 1, result, EAX), AVX_VNNI)) {
                    sets.add(Isa.AVX_VNNI);
                }
                boolean wide = has(saved, SAVES_512) && has(basic, AVX512);
                if (wide && has(ask(cpuid, EXTENDED, 0, result, ECX), AVX512_VNNI)) {
                    sets.add(Isa.AVX512_VNNI);
                }
            }
            return sets;
        }
    }

    /** Under Linux a process finds its own program, whose header (ELF) names the processor. */
    private static boolean isLinuxOnX64() {
        try (InputStream program = Files.newInputStream(Path.of("/proc/self/exe"))) {
            byte[] header = program.readNBytes(MACHINE + Short.BYTES);
            return header.length == MACHINE + Short.BYTES
                    && Arrays.equals(header, 0, ELF.length, ELF, 0, ELF.length)
                    && header[MACHINE] == X64
                    && header[MACHINE + 1] == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean has(int value, int bits) {
        return (value & bits) == bits;
    }

    private static int ask(MemorySegment cpuid, int leaf, int subleaf, MemorySegment result, int register) {
        var _ = CFunction.call(cpuid, leaf, subleaf, result.address(), 0, 0, 0);
        return result.getAtIndex(Layouts.I32, register);
    }
}
