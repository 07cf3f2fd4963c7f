package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * Code of the rotary embedding of some heads, in place: of each pair of elements a, b, {@code a = a * cos + b * sin}
 * with one rounding of the sum, and the same for b. The table has the sines' signs.
 *
 * <p>Arguments: address of the first head, of the cosines, of the sines, the number of heads. The code needs
 * {@link Isa#AVX2} only.
 *
 * @param adjacent whether pairs are neighbours; else an element's partner is half of the elements away
 * @param elements rotated elements of a head
 * @param stride bytes from a head to the next
 */
record RotaryTile(boolean adjacent, int elements, int stride) {
    private static final int LANES = 8;

    /** The most elements: the code of a head has no loop. */
    static final int MOST = 512;

    /** Exchanges neighbours. */
    private static final int SWAP = 0b10_11_00_01;

    /** {@return whether the elements fill vectors, and the code is not too long} */
    boolean fits() {
        return elements > 0 && elements <= MOST && elements % (adjacent ? LANES : 2 * LANES) == 0;
    }

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(LANES * Float.SIZE);
        int loop = code.here();
        int bytes = elements * Float.BYTES;
        for (int at = 0; at < (adjacent ? bytes : bytes / 2); at += code.bytes()) {
            if (adjacent) {
                neighbours(code, at);
            } else {
                halves(code, at, at + bytes / 2);
            }
        }
        code.add(General.RDI, stride);
        code.loop(General.RCX, loop);
        code.end();
        return code.instructions();
    }

    private static void neighbours(Assembler code, int at) {
        int value = 0;
        int turned = 1;
        code.load(value, General.RDI, at);
        code.put(VectorOp.VSHUFPS, code.bits(), turned, value, Source.register(value), SWAP);
        rotate(code, value, turned, at);
    }

    private static void halves(Assembler code, int low, int high) {
        int a = 0;
        int b = 1;
        int turnedA = 2;
        int turnedB = 3;
        code.load(a, General.RDI, low);
        code.load(b, General.RDI, high);
        code.load(turnedA, General.RDI, high);
        code.load(turnedB, General.RDI, low);
        rotate(code, a, turnedA, low);
        rotate(code, b, turnedB, high);
    }

    /** Stores {@code value * cos + partner * sin}. */
    private static void rotate(Assembler code, int value, int partner, int at) {
        int cosine = 4;
        code.put(VectorOp.VMULPS, partner, partner, Source.memory(General.RDX, at));
        code.load(cosine, General.RSI, at);
        code.put(VectorOp.VFMADD213PS, value, cosine, partner);
        code.store(value, General.RDI, at);
    }
}
