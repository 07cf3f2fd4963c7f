package dev.waterspout.kernels.machine;

import dev.waterspout.kernels.vector.Layouts;
import dev.waterspout.kernels.vector.Memory;
import java.util.List;
import java.util.function.IntBinaryOperator;

/** Executes instructions one by one in Java, so that code for another processor can be tested on this one. */
final class Simulator {
    private static final int REGISTERS = 32;
    private static final int VECTOR = 64;

    private final long[] general = new long[16];
    private final byte[][] vectors = new byte[REGISTERS][VECTOR];

    /** Calls a function with six numbers, as {@link CFunction#call} does. */
    static void call(List<Instruction> code, long a, long b, long c, long d, long e, long f) {
        Simulator simulator = new Simulator();
        long[] arguments = {a, b, c, d, e, f};
        General[] registers = {General.RDI, General.RSI, General.RDX, General.RCX, General.R8, General.R9};
        for (int i = 0; i < arguments.length; i++) {
            simulator.general[registers[i].number()] = arguments[i];
        }
        simulator.run(code);
    }

    private void run(List<Instruction> code) {
        int at = 0;
        while (true) {
            Instruction next = code.get(at);
            at++;
            switch (next) {
                case Instruction.Vector v -> vector(v);
                case Instruction.Move m -> set(m.to(), get(m.from()));
                case Instruction.Add a -> set(a.to(), get(a.to()) + get(a.from()));
                case Instruction.Constant c -> set(c.to(), c.constant());
                case Instruction.AddConstant a -> set(a.to(), get(a.to()) + a.constant());
                case Instruction.DecrementAndJump d -> {
                    set(d.counter(), get(d.counter()) - 1);
                    if (get(d.counter()) != 0) {
                        at = d.target();
                    }
                }
                case Instruction.Prefetch _ -> {}
                case Instruction.Return _ -> {
                    return;
                }
            }
        }
    }

    private long get(General register) {
        return general[register.number()];
    }

    private void set(General register, long value) {
        general[register.number()] = value;
    }

    private void vector(Instruction.Vector v) {
        int bytes = v.bits() / 8;
        switch (v.op()) {
            case VMOVUPS_STORE -> store(v.source(), vectors[v.to()], 0, bytes);
            case VMOVSS_STORE -> store(v.source(), vectors[v.to()], 0, 4);
            case VPMOVDW -> {
                byte[] words = new byte[VECTOR];
                byte[] from = vectors[v.to()].clone();
                words(words, bytes / 2, i -> getWord(from, 2 * i));
                store(v.source(), words, 0, bytes / 2);
            }
            case VEXTRACTI128 -> store(v.source(), vectors[v.to()].clone(), 16 * v.immediate(), 16);
            default -> {
                byte[] result = result(v, bytes);
                // The bits above the vector become zero.
                System.arraycopy(result, 0, vectors[v.to()], 0, bytes);
                java.util.Arrays.fill(vectors[v.to()], bytes, VECTOR, (byte) 0);
            }
        }
    }

    private void store(Source to, byte[] from, int offset, int count) {
        switch (to) {
            case Source.Register r -> {
                java.util.Arrays.fill(vectors[r.number()], (byte) 0);
                System.arraycopy(from, offset, vectors[r.number()], 0, count);
            }
            case Source.Address a -> {
                for (int i = 0; i < count; i++) {
                    Memory.ALL.set(Layouts.I8, get(a.base()) + a.displacement() + i, from[offset + i]);
                }
            }
        }
    }

    /** The bytes of the last operand. */
    private byte[] source(Source source, int bytes) {
        return switch (source) {
            case Source.Register r -> vectors[r.number()].clone();
            case Source.Address a -> {
                byte[] result = new byte[VECTOR];
                for (int i = 0; i < bytes; i++) {
                    int place = a.broadcast() ? i % 4 : i;
                    result[i] = Memory.ALL.get(Layouts.I8, get(a.base()) + a.displacement() + place);
                }
                yield result;
            }
        };
    }

    private byte[] result(Instruction.Vector v, int bytes) {
        byte[] a = vectors[v.first()];
        byte[] old = vectors[v.to()];
        byte[] b = source(v.source(), sourceBytes(v, bytes));
        byte[] r = new byte[VECTOR];
        switch (v.op()) {
            case VMOVUPS -> System.arraycopy(b, 0, r, 0, bytes);
            case VBROADCASTSS, VPBROADCASTD -> ints(r, bytes, i -> getInt(b, 0));
            case VBROADCASTI128, VBROADCASTI32X4 -> each(r, bytes, i -> b[i % 16]);
            case VCVTDQ2PS -> floats(r, bytes, i -> (float) getInt(b, i));
            case VCVTPS2DQ -> ints(r, bytes, i -> toInt(getFloat(b, i)));
            case VCVTPH2PS -> floats(r, bytes, i -> Float.float16ToFloat((short) getWord(b, i)));
            case VPMOVZXWD -> ints(r, bytes, i -> getWord(b, i) & 0xffff);
            case VPABSB -> each(r, bytes, i -> Math.abs(b[i]));
            case VADDPS -> floats(r, bytes, i -> getFloat(a, i) + getFloat(b, i));
            case VSUBPS -> floats(r, bytes, i -> getFloat(a, i) - getFloat(b, i));
            case VMAXPS -> floats(r, bytes, i -> getFloat(a, i) > getFloat(b, i) ? getFloat(a, i) : getFloat(b, i));
            case VMINPS -> floats(r, bytes, i -> getFloat(a, i) < getFloat(b, i) ? getFloat(a, i) : getFloat(b, i));
            case VMULPS -> floats(r, bytes, i -> getFloat(a, i) * getFloat(b, i));
            case VDIVPS -> floats(r, bytes, i -> getFloat(a, i) / getFloat(b, i));
            case VFMADD231PS -> floats(r, bytes, i -> Math.fma(getFloat(a, i), getFloat(b, i), getFloat(old, i)));
            case VFMADD213PS -> floats(r, bytes, i -> Math.fma(getFloat(a, i), getFloat(old, i), getFloat(b, i)));
            case VPADDW -> words(r, bytes, i -> getWord(a, i) + getWord(b, i));
            case VPADDD -> ints(r, bytes, i -> getInt(a, i) + getInt(b, i));
            case VPSUBD -> ints(r, bytes, i -> getInt(a, i) - getInt(b, i));
            case VPSHUFB -> each(r, bytes, i -> b[i] < 0 ? 0 : a[i / 16 * 16 + (b[i] & 15)]);
            case VPSUBB -> each(r, bytes, i -> a[i] - b[i]);
            case VPMULLD -> ints(r, bytes, i -> getInt(a, i) * getInt(b, i));
            case VPMINUB -> each(r, bytes, i -> Math.min(a[i] & 0xff, b[i] & 0xff));
            case VPMAXSD -> ints(r, bytes, i -> Math.max(getInt(a, i), getInt(b, i)));
            case VPMADDUBSW ->
                words(
                        r,
                        bytes,
                        i -> Math.clamp(
                                (a[2 * i] & 0xff) * b[2 * i] + (a[2 * i + 1] & 0xff) * b[2 * i + 1],
                                Short.MIN_VALUE,
                                Short.MAX_VALUE));
            case VPMADDWD ->
                ints(
                        r,
                        bytes,
                        i -> getWord(a, 2 * i) * getWord(b, 2 * i) + getWord(a, 2 * i + 1) * getWord(b, 2 * i + 1));
            case VPDPBUSD -> ints(r, bytes, i -> getInt(old, i) + dot(a, b, 4 * i));
            case VPSIGNB -> each(r, bytes, i -> a[i] * Integer.signum(b[i]));
            case VPAND -> each(r, bytes, i -> a[i] & b[i]);
            case VPANDN -> each(r, bytes, i -> ~a[i] & b[i]);
            case VPOR -> each(r, bytes, i -> a[i] | b[i]);
            case VPXOR -> each(r, bytes, i -> a[i] ^ b[i]);
            case VPUNPCKLDQ -> unpack(r, bytes, a, b, 4, 0);
            case VPUNPCKHDQ -> unpack(r, bytes, a, b, 4, 8);
            case VPUNPCKLQDQ -> unpack(r, bytes, a, b, 8, 0);
            case VPUNPCKHQDQ -> unpack(r, bytes, a, b, 8, 8);
            case VPACKSSDW ->
                pack(
                        bytes,
                        2,
                        (i, half) -> Math.clamp(getInt(half == 0 ? a : b, i), Short.MIN_VALUE, Short.MAX_VALUE),
                        r);
            case VPACKUSDW -> pack(bytes, 2, (i, half) -> Math.clamp(getInt(half == 0 ? a : b, i), 0, 0xffff), r);
            case VPACKSSWB ->
                pack(
                        bytes,
                        1,
                        (i, half) -> Math.clamp(getWord(half == 0 ? a : b, i), Byte.MIN_VALUE, Byte.MAX_VALUE),
                        r);
            case VPERMD -> ints(r, bytes, i -> getInt(b, getInt(a, i) & (bytes / 4 - 1)));
            case VPHADDD ->
                ints(r, bytes, i -> {
                    byte[] half = i % 4 < 2 ? a : b;
                    int from = i / 4 * 4 + i % 2 * 2;
                    return getInt(half, from) + getInt(half, from + 1);
                });
            case VCMPPS -> ints(r, bytes, i -> getFloat(a, i) < getFloat(b, i) ? -1 : 0);
            case VSHUFPS ->
                ints(r, bytes, i -> getInt(i % 4 < 2 ? a : b, i / 4 * 4 + (v.immediate() >> (2 * (i % 4)) & 3)));
            case VPINSRW -> {
                System.arraycopy(a, 0, r, 0, bytes);
                r[2 * v.immediate()] = b[0];
                r[2 * v.immediate() + 1] = b[1];
            }
            case VINSERTI128, VINSERTI32X4 -> {
                System.arraycopy(a, 0, r, 0, bytes);
                System.arraycopy(b, 0, r, 16 * v.immediate(), 16);
            }
            case VPERMQ -> {
                for (int i = 0; i < bytes / 8; i++) {
                    System.arraycopy(b, i / 4 * 32 + 8 * (v.immediate() >> (2 * (i % 4)) & 3), r, 8 * i, 8);
                }
            }
            case VPSRLD -> ints(r, bytes, i -> getInt(b, i) >>> v.immediate());
            case VPSLLD -> ints(r, bytes, i -> getInt(b, i) << v.immediate());
            case VPSRAD -> ints(r, bytes, i -> getInt(b, i) >> v.immediate());
            case VMOVUPS_STORE, VMOVSS_STORE, VEXTRACTI128, VPMOVDW -> throw new AssertionError(v);
        }
        return r;
    }

    private static int sourceBytes(Instruction.Vector v, int bytes) {
        return switch (v.op()) {
            case VBROADCASTSS, VPBROADCASTD -> 4;
            case VCVTPH2PS, VPMOVZXWD -> bytes / 2;
            case VPINSRW -> 2;
            case VINSERTI128, VINSERTI32X4, VBROADCASTI128, VBROADCASTI32X4 -> 16;
            default -> bytes;
        };
    }

    private static int toInt(float value) {
        return Float.isNaN(value) || Math.abs(value) >= 0x1p31f ? Integer.MIN_VALUE : (int) Math.rint(value);
    }

    private static int dot(byte[] a, byte[] b, int from) {
        int sum = 0;
        for (int i = from; i < from + 4; i++) {
            sum += (a[i] & 0xff) * b[i];
        }
        return sum;
    }

    private static void unpack(byte[] r, int bytes, byte[] a, byte[] b, int width, int half) {
        for (int quarter = 0; quarter < bytes; quarter += 16) {
            for (int i = 0; i < 16; i += width) {
                byte[] from = i / width % 2 == 0 ? a : b;
                System.arraycopy(from, quarter + half + i / (2 * width) * width, r, quarter + i, width);
            }
        }
    }

    /** Narrows elements within each 128 bits: the first half of the results is of the first operand. */
    private static void pack(int bytes, int width, IntBinaryOperator element, byte[] r) {
        int count = 16 / width;
        for (int i = 0; i < bytes / width; i++) {
            int within = i % count;
            int half = within / (count / 2);
            int value = element.applyAsInt(i / count * (count / 2) + within % (count / 2), half);
            for (int k = 0; k < width; k++) {
                r[i * width + k] = (byte) (value >> (8 * k));
            }
        }
    }

    private interface IntElement {
        int get(int index);
    }

    private interface FloatElement {
        float get(int index);
    }

    private static void each(byte[] r, int bytes, IntElement element) {
        for (int i = 0; i < bytes; i++) {
            r[i] = (byte) element.get(i);
        }
    }

    private static void words(byte[] r, int bytes, IntElement element) {
        for (int i = 0; i < bytes / 2; i++) {
            int value = element.get(i);
            r[2 * i] = (byte) value;
            r[2 * i + 1] = (byte) (value >> 8);
        }
    }

    private static void ints(byte[] r, int bytes, IntElement element) {
        for (int i = 0; i < bytes / 4; i++) {
            int value = element.get(i);
            for (int k = 0; k < 4; k++) {
                r[4 * i + k] = (byte) (value >> (8 * k));
            }
        }
    }

    private static void floats(byte[] r, int bytes, FloatElement element) {
        ints(r, bytes, i -> Float.floatToRawIntBits(element.get(i)));
    }

    private static int getWord(byte[] b, int index) {
        return (b[2 * index] & 0xff) | b[2 * index + 1] << 8;
    }

    private static int getInt(byte[] b, int index) {
        return (getWord(b, 2 * index) & 0xffff) | getWord(b, 2 * index + 1) << 16;
    }

    private static float getFloat(byte[] b, int index) {
        return Float.intBitsToFloat(getInt(b, index));
    }
}
