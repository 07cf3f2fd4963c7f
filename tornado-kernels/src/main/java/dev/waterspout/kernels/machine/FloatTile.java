package dev.waterspout.kernels.machine;

import java.util.List;

/**
 * A micro-kernel of dot products in f32: some rows of weights with some tokens' inputs. Each pair has a vector of
 * partial sums that takes its columns in ascending order, so the tile's shape does not change a bit.
 *
 * <p>Arguments: address of the rows, of the inputs, of the sums, the number of groups of tokens, the number of vectors
 * of columns. Strides are bytes.
 *
 * @param bits bits of a vector: 128, 256 or 512
 * @param rows rows of weights
 * @param tokens tokens of a group
 * @param rowStride distance of two successive rows
 * @param inputStride distance of the inputs of two successive tokens
 * @param sumRowStride distance of the sums of two successive rows
 * @param sumInputStride distance of the sums of two successive tokens
 * @param fresh whether sums start at zero instead of the values in memory
 */
public record FloatTile(
        int bits,
        int rows,
        int tokens,
        int rowStride,
        int inputStride,
        int sumRowStride,
        int sumInputStride,
        boolean fresh) {
    /** Rows that are multiplied together: their accumulators are in registers. */
    private static final int NEAR_ROWS = 4;

    /** {@return the most tokens of a group: the inputs' vectors and a row's are in registers, too} */
    static int mostTokens(int bits) {
        return bits == 512 ? 6 : 3;
    }

    /** {@return the same with another number of tokens} */
    FloatTile withTokens(int other) {
        return new FloatTile(bits, rows, other, rowStride, inputStride, sumRowStride, sumInputStride, fresh);
    }

    /** {@return the function} */
    List<Instruction> emit() {
        Assembler code = new Assembler(bits);
        int tokenLoop = code.here();
        for (int first = 0; first < rows; first += NEAR_ROWS) {
            multiply(code, first, Math.min(NEAR_ROWS, rows - first));
        }
        code.add(General.RSI, tokens * inputStride);
        code.add(General.RDX, tokens * sumInputStride);
        code.loop(General.RCX, tokenLoop);
        code.end();
        return code.instructions();
    }

    private void multiply(Assembler code, int first, int count) {
        int inputs = NEAR_ROWS * tokens;
        int row = inputs + tokens;
        code.move(General.RAX, General.RDI);
        code.move(General.R10, General.RSI);
        code.move(General.R9, General.R8);
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < count; r++) {
                if (fresh) {
                    code.zero(t * NEAR_ROWS + r);
                } else {
                    code.load(t * NEAR_ROWS + r, General.RDX, sum(first + r, t));
                }
            }
        }
        int columnLoop = code.here();
        for (int t = 0; t < tokens; t++) {
            code.load(inputs + t, General.R10, t * inputStride);
        }
        for (int r = 0; r < count; r++) {
            code.load(row, General.RAX, (first + r) * rowStride);
            for (int t = 0; t < tokens; t++) {
                code.put(VectorOp.VFMADD231PS, t * NEAR_ROWS + r, row, inputs + t);
            }
        }
        code.add(General.RAX, code.bytes());
        code.add(General.R10, code.bytes());
        code.loop(General.R9, columnLoop);
        for (int t = 0; t < tokens; t++) {
            for (int r = 0; r < count; r++) {
                code.store(t * NEAR_ROWS + r, General.RDX, sum(first + r, t));
            }
        }
    }

    private int sum(int row, int token) {
        return row * sumRowStride + token * sumInputStride;
    }
}
