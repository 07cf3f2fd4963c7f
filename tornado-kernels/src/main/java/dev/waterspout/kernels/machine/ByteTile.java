package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * A micro-kernel of products of weights and inputs of 8 bits: one tile of weights with groups of tokens, see
 * {@link ByteLayout}.
 *
 * <p>Within a group of columns sums are exact integers. Each is converted to f32, multiplied with the product of both
 * scales, and added by one fused multiply-add; the offset's term follows. Groups are added in ascending order, so that
 * a row's bits depend neither on the tile's shape nor on the instructions used. The definition:
 *
 * <pre>
 *   y = fma((float) sum(q[k] x[k]), scale * inputScale, y);  y = fma(offset, inputSum, y)
 * </pre>
 *
 * <p>Weights are stored without sign, as {@code q - least}; the start of the integer sum makes up for it. Without the
 * instruction for dot products of four bytes, pairs of products are added with saturation to words, which must not
 * overflow: a product takes {@code bits + 7} bits. So numbers of up to 4 bits are added in words over a whole group,
 * of 5 and 6 bits over two steps, of 7 bits over one. Numbers of 8 bits keep their sign and give it to the inputs.
 *
 * <p>Arguments: address of the tile, of the first token's inputs, of the results (per token two vectors of f32, to
 * which is added), the number of groups of tokens, the number of blocks.
 *
 * @param isa instructions
 * @param quants codes of the weights
 * @param tokens tokens of a group of tokens
 */
record ByteTile(Isa isa, Quants quants, int tokens) {
    private static final int R = Isa.VECTORS;

    /** Columns of two steps, over which words hold sums of products of numbers of 6 bits. */
    private static final int PAIR = 2;

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(isa.bits());
        int tokenLoop = code.here();
        code.move(General.RAX, General.RDI);
        code.move(General.R9, General.RDI);
        code.add(General.R9, ByteLayout.scales(isa));
        code.move(General.R10, General.RSI);
        code.move(General.R11, General.R8);
        results(code, VectorOp.VMOVUPS);
        int blockLoop = code.here();
        int groups = ByteLayout.BLOCK / quants.group();
        for (int g = 0; g < groups; g++) {
            int steps = quants.group() / ByteLayout.STEP;
            integers(code, g, g * steps, steps);
            scale(code, g);
        }
        code.add(General.RAX, ByteLayout.BLOCK / ByteLayout.STEP * R * isa.bytes());
        code.add(General.R9, groups * R * isa.bytes());
        code.add(General.R10, ByteLayout.INPUT_BLOCK);
        code.loop(General.R11, blockLoop);
        results(code, VectorOp.VMOVUPS_STORE);
        code.add(General.RSI, tokens * ByteLayout.INPUT_CHUNK);
        code.add(General.RDX, tokens * R * isa.bytes());
        code.loop(General.RCX, tokenLoop);
        code.end();
        return code.instructions();
    }

    /** With many registers results stay in them from the first block to the last. */
    private void results(Assembler code, VectorOp op) {
        for (int i = 0; i < tokens * R && isa.manyRegisters(); i++) {
            code.put(op, tokens * R + i, Source.memory(General.RDX, i * isa.bytes()));
        }
    }

    private static int sum(int token, int vector) {
        return token * R + vector;
    }

    /** The registers behind sums and results. */
    private int spare(int index) {
        return (isa.manyRegisters() ? 2 : 1) * tokens * R + index;
    }

    private void loadWeights(Assembler code, int to, int step, int vector) {
        code.load(to, General.RAX, ByteLayout.NUMBERS + (step * R + vector) * isa.bytes());
    }

    private static void loadInputs(Assembler code, int to, int token, int step) {
        int at = token * ByteLayout.INPUT_CHUNK + step * ByteLayout.STEP;
        code.put(VectorOp.VPBROADCASTD, to, Source.memory(General.R10, at));
    }

    private static Source scalar(int token, int place, int group) {
        return Source.memory(General.R10, token * ByteLayout.INPUT_CHUNK + place + group * Integer.BYTES);
    }

    /** The exact sums of a group. */
    private void integers(Assembler code, int group, int firstStep, int steps) {
        if (isa.dotProducts()) {
            starts(code, group, VectorOp.VPBROADCASTD);
            for (int s = firstStep; s < firstStep + steps; s++) {
                dotProducts(code, s);
            }
            return;
        }
        switch (quants.width()) {
            case NIBBLES -> {
                for (int s = firstStep; s < firstStep + steps; s++) {
                    words(code, s, s == firstStep);
                }
                for (int i = 0; i < tokens * R; i++) {
                    code.put(VectorOp.VPMADDWD, i, i, Source.memory(General.RDI, ByteLayout.Constant.ONES.place()));
                }
                starts(code, group, VectorOp.VPADDD);
            }
            case SIX_BITS -> {
                starts(code, group, VectorOp.VPBROADCASTD);
                for (int s = firstStep; s < firstStep + steps; s += PAIR) {
                    pairs(code, s);
                }
            }
            case SEVEN_BITS -> {
                starts(code, group, VectorOp.VPBROADCASTD);
                for (int s = firstStep; s < firstStep + steps; s++) {
                    single(code, s);
                }
            }
            case BYTES -> {
                for (int i = 0; i < tokens * R; i++) {
                    code.zero(i);
                }
                for (int s = firstStep; s < firstStep + steps; s++) {
                    signed(code, s);
                }
            }
        }
    }

    /** Initializes sums with, or adds to them, the correction for the shift of the numbers. */
    private void starts(Assembler code, int group, VectorOp op) {
        int start = spare(0);
        for (int t = 0; t < tokens; t++) {
            if (quants.least() == 0) {
                for (int r = 0; r < R && op == VectorOp.VPBROADCASTD; r++) {
                    code.zero(sum(t, r));
                }
                continue;
            }
            code.put(VectorOp.VPBROADCASTD, start, scalar(t, ByteLayout.INPUT_STARTS, group));
            for (int r = 0; r < R; r++) {
                if (op == VectorOp.VPADDD) {
                    code.put(op, sum(t, r), sum(t, r), start);
                } else {
                    code.put(VectorOp.VMOVUPS, sum(t, r), Source.register(start));
                }
            }
        }
    }

    private void dotProducts(Assembler code, int step) {
        for (int r = 0; r < R; r++) {
            loadWeights(code, spare(r), step, r);
        }
        int rotating = isa.manyRegisters() ? 6 : 2;
        for (int t = 0; t < tokens; t++) {
            int input = spare(R + t % rotating);
            loadInputs(code, input, t, step);
            for (int r = 0; r < R; r++) {
                code.put(VectorOp.VPDPBUSD, sum(t, r), spare(r), input);
            }
        }
    }

    private void words(Assembler code, int step, boolean first) {
        for (int r = 0; r < R; r++) {
            loadWeights(code, spare(r), step, r);
        }
        for (int t = 0; t < tokens; t++) {
            int input = spare(R);
            int product = spare(R + 1);
            loadInputs(code, input, t, step);
            for (int r = 0; r < R; r++) {
                if (first) {
                    code.put(VectorOp.VPMADDUBSW, sum(t, r), spare(r), input);
                } else {
                    code.put(VectorOp.VPMADDUBSW, product, spare(r), input);
                    code.put(VectorOp.VPADDW, sum(t, r), sum(t, r), product);
                }
            }
        }
    }

    private void pairs(Assembler code, int step) {
        for (int i = 0; i < PAIR * R; i++) {
            loadWeights(code, spare(i), step + i / R, i % R);
        }
        int input = spare(PAIR * R);
        int next = input + 1;
        int product = input + 2;
        int second = input + 3;
        for (int t = 0; t < tokens; t++) {
            loadInputs(code, input, t, step);
            loadInputs(code, next, t, step + 1);
            for (int r = 0; r < R; r++) {
                code.put(VectorOp.VPMADDUBSW, product, spare(r), input);
                code.put(VectorOp.VPMADDUBSW, second, spare(R + r), next);
                code.put(VectorOp.VPADDW, product, product, second);
                addWords(code, sum(t, r), product);
            }
        }
    }

    private void single(Assembler code, int step) {
        for (int r = 0; r < R; r++) {
            loadWeights(code, spare(r), step, r);
        }
        int input = spare(R);
        int product = input + 1;
        for (int t = 0; t < tokens; t++) {
            loadInputs(code, input, t, step);
            for (int r = 0; r < R; r++) {
                code.put(VectorOp.VPMADDUBSW, product, spare(r), input);
                addWords(code, sum(t, r), product);
            }
        }
    }

    private void signed(Assembler code, int step) {
        int weights = spare(0);
        int magnitudes = spare(1);
        int input = spare(2);
        for (int r = 0; r < R; r++) {
            loadWeights(code, weights, step, r);
            code.put(VectorOp.VPABSB, magnitudes, Source.register(weights));
            for (int t = 0; t < tokens; t++) {
                int product = input + t % PAIR;
                loadInputs(code, product, t, step);
                code.put(VectorOp.VPSIGNB, product, product, weights);
                code.put(VectorOp.VPMADDUBSW, product, magnitudes, product);
                addWords(code, sum(t, r), product);
            }
        }
    }

    private static void addWords(Assembler code, int sum, int words) {
        code.put(VectorOp.VPMADDWD, words, words, Source.memory(General.RDI, ByteLayout.Constant.ONES.place()));
        code.put(VectorOp.VPADDD, sum, sum, words);
    }

    /** Converts and scales the sums of a group and adds them to the results. */
    private void scale(Assembler code, int group) {
        int offsets = ByteLayout.offsets(isa) - ByteLayout.scales(isa);
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < R; r++) {
                int at = (group * R + r) * isa.bytes();
                int sum = sum(t, r);
                int product = spare(i(t, r));
                Source weightScale = Source.memory(General.R9, at);
                Source weightOffset = Source.memory(General.R9, offsets + at);
                code.put(VectorOp.VCVTDQ2PS, sum, Source.register(sum));
                code.put(VectorOp.VBROADCASTSS, product, scalar(t, ByteLayout.INPUT_SCALES, group));
                code.put(VectorOp.VMULPS, product, product, weightScale);
                if (isa.manyRegisters()) {
                    int result = tokens * R + sum;
                    code.put(VectorOp.VFMADD231PS, result, sum, product);
                    if (quants.hasOffsets()) {
                        code.put(VectorOp.VBROADCASTSS, product, scalar(t, ByteLayout.INPUT_SUMS, group));
                        code.put(VectorOp.VFMADD231PS, result, product, weightOffset);
                    }
                } else {
                    Source result = Source.memory(General.RDX, sum * isa.bytes());
                    code.put(VectorOp.VFMADD213PS, sum, product, result);
                    if (quants.hasOffsets()) {
                        code.put(VectorOp.VBROADCASTSS, product, scalar(t, ByteLayout.INPUT_SUMS, group));
                        code.put(VectorOp.VFMADD231PS, sum, product, weightOffset);
                    }
                    code.put(VectorOp.VMOVUPS_STORE, sum, result);
                }
            }
        }
    }

    private int i(int token, int vector) {
        return (token * R + vector) % (isa.manyRegisters() ? 8 : 4);
    }
}
