package dev.waterspout.kernels.device.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.math.TornadoMath;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Kernels with one construct each that TornadoVM compiles wrongly, and one without any. Nothing runs them. */
final class OffendingKernels {
    private OffendingKernels() {}

    static final class Clean {
        private Clean() {}

        static void kernelClean(KernelContext context, FloatArray x, IntArray n, int width, float factor) {
            float[] local = context.allocateFloatLocalArray(64);
            int item = context.localIdx;
            int row = context.globalIdx / width;
            local[item] = helper(x.get(row), factor);
            context.localBarrier();
            if (local[item] > 0f && !(local[0] < 1f) && n.get(0) >= 2) {
                x.set(row, TornadoMath.sqrt(local[0]) + (float) ((n.get(1) >> 3) & 7));
            }
        }

        private static float helper(float value, float factor) {
            return value * factor;
        }
    }

    static final class UnsignedShift {
        private UnsignedShift() {}

        static void kernelShift(KernelContext context, IntArray x) {
            x.set(context.globalIdx, x.get(0) >>> 3);
        }
    }

    static final class UnsignedLongShift {
        private UnsignedLongShift() {}

        static void kernelShift(KernelContext context, IntArray x) {
            long wide = x.get(0);
            x.set(context.globalIdx, (int) (wide >>> 3));
        }
    }

    static final class Rotation {
        private Rotation() {}

        static void kernelRotation(KernelContext context, IntArray x) {
            x.set(context.globalIdx, Integer.rotateLeft(x.get(0), 3));
        }
    }

    static final class Division {
        private Division() {}

        static void kernelDivision(KernelContext context, IntArray x) {
            x.set(context.globalIdx, x.get(0) / 8);
        }
    }

    static final class Remainder {
        private Remainder() {}

        static void kernelRemainder(KernelContext context, IntArray x) {
            x.set(context.globalIdx, x.get(0) % 32);
        }
    }

    static final class CastToBits {
        private CastToBits() {}

        static void kernelCast(KernelContext context, FloatArray x, IntArray y) {
            y.set(context.globalIdx, Float.floatToRawIntBits(x.get(0)));
        }
    }

    static final class CastToCheckedBits {
        private CastToCheckedBits() {}

        static void kernelCast(KernelContext context, FloatArray x, IntArray y) {
            y.set(context.globalIdx, Float.floatToIntBits(x.get(0)));
        }
    }

    static final class CastFromBits {
        private CastFromBits() {}

        static void kernelCast(KernelContext context, FloatArray x, IntArray y) {
            x.set(context.globalIdx, Float.intBitsToFloat(y.get(0)));
        }
    }

    static final class HalfConversion {
        private HalfConversion() {}

        static void kernelHalf(KernelContext context, FloatArray x, IntArray y) {
            x.set(context.globalIdx, Float.float16ToFloat((short) y.get(0)));
        }
    }

    static final class StaticArray {
        private static final float[] TABLE = {1f, 2f};

        private StaticArray() {}

        static void kernelTable(KernelContext context, FloatArray x, IntArray y) {
            x.set(context.globalIdx, TABLE[y.get(0)]);
        }
    }

    static final class StaticField {
        private static int counter;

        private StaticField() {}

        static void kernelField(KernelContext context, IntArray x) {
            x.set(context.globalIdx, counter);
        }
    }

    static final class JavaMath {
        private JavaMath() {}

        static void kernelFma(KernelContext context, FloatArray x) {
            x.set(context.globalIdx, Math.fma(x.get(0), x.get(1), x.get(2)));
        }
    }

    static final class NanLiteral {
        private NanLiteral() {}

        static void kernelNan(KernelContext context, FloatArray x) {
            x.set(context.globalIdx, x.get(0) + Float.NaN);
        }
    }

    static final class AtMost {
        private AtMost() {}

        static void kernelAtMost(KernelContext context, FloatArray x) {
            if (x.get(0) <= 2f) {
                x.set(context.globalIdx, 0f);
            }
        }
    }

    static final class AtLeast {
        private AtLeast() {}

        static void kernelAtLeast(KernelContext context, FloatArray x) {
            if (x.get(0) >= 2f) {
                x.set(context.globalIdx, 0f);
            }
        }
    }

    static final class Flag {
        private Flag() {}

        static void kernelFlag(KernelContext context, FloatArray x, boolean set) {
            if (set) {
                x.set(context.globalIdx, 0f);
            }
        }
    }

    static final class IsNan {
        private IsNan() {}

        static void isnan(KernelContext context, FloatArray x) {
            x.set(context.globalIdx, 0f);
        }
    }

    static final class Dot {
        private Dot() {}

        static void dot(KernelContext context, FloatArray x) {
            x.set(context.globalIdx, 0f);
        }
    }

    static final class Max {
        private Max() {}

        static void max(KernelContext context, FloatArray x) {
            x.set(context.globalIdx, 0f);
        }
    }

    static final class CallsOffender {
        private CallsOffender() {}

        static void kernelCall(KernelContext context, IntArray x) {
            x.set(context.globalIdx, Helper.shift(x.get(0)));
        }

        static final class Helper {
            private Helper() {}

            static int shift(int value) {
                return value >>> 1;
            }
        }
    }
}
