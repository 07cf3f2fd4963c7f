package dev.waterspout.kernels.codec;

import java.util.Arrays;
import java.util.function.ToIntFunction;

/** The number of a format in frame headers. {@link WireFormat#id()} shows the bits. */
final class FormatId {
    private static final int KIND_F32 = 1;
    private static final int KIND_BF16 = 2;
    private static final int KIND_MX = 3;
    private static final int KIND_F16 = 4;
    private static final int KIND_INTEGER = 5;
    private static final int KIND_TOP_K = 6;
    private static final int AXIS_SHIFT = 4;
    private static final int COUNT_SHIFT = 8;

    private static final int BLOCK_SHIFT = 4;
    private static final int ELEMENT_SHIFT = 8;
    private static final int SCALE_SHIFT = 16;
    private static final int RULE_SHIFT = 24;
    private static final int ROUNDING_SHIFT = 28;

    private FormatId() {}

    static int encode(WireFormat format) {
        return switch (format) {
            case PlainFormat plain ->
                switch (plain) {
                    case F32 -> KIND_F32;
                    case BF16 -> KIND_BF16;
                    case F16 -> KIND_F16;
                };
            case IntegerFormat integer ->
                KIND_INTEGER | code(integer.axis()) << AXIS_SHIFT | integer.bits() << COUNT_SHIFT;
            case TopKFormat topK -> KIND_TOP_K | topK.keepOneIn() << COUNT_SHIFT;
            case MxFormat mx ->
                KIND_MX
                        | Integer.numberOfTrailingZeros(mx.block()) << BLOCK_SHIFT
                        | code(mx.element()) << ELEMENT_SHIFT
                        | mx.scale().bits() << SCALE_SHIFT
                        | mx.rule().wireCode() << RULE_SHIFT
                        | mx.rounding().wireCode() << ROUNDING_SHIFT;
        };
    }

    static WireFormat decode(int id) {
        return switch (id & 0xf) {
            case KIND_F32 -> plain(id, PlainFormat.F32);
            case KIND_BF16 -> plain(id, PlainFormat.BF16);
            case KIND_F16 -> plain(id, PlainFormat.F16);
            case KIND_MX -> mx(id);
            case KIND_INTEGER -> integer(id);
            case KIND_TOP_K -> topK(id);
            default -> throw unknown(id, "kind " + (id & 0xf) + " is not within 1..6");
        };
    }

    private static WireFormat plain(int id, PlainFormat format) {
        if (id != encode(format)) {
            throw unknown(id, format + " has no bits above its kind");
        }
        return format;
    }

    private static WireFormat mx(int id) {
        int log2 = id >>> BLOCK_SHIFT & 0xf;
        int block = 1 << log2;
        if (block < MxFormat.MIN_BLOCK || block > MxFormat.MAX_BLOCK) {
            throw unknown(id, "block 2^" + log2 + " is not within 2^3..2^7");
        }
        return new MxFormat(
                find(id, "element", ElementType.values(), FormatId::code, id >>> ELEMENT_SHIFT & 0xff),
                block,
                find(id, "scale", ScaleType.values(), ScaleType::bits, id >>> SCALE_SHIFT & 0xff),
                find(id, "rule", ScaleRule.values(), ScaleRule::wireCode, id >>> RULE_SHIFT & 0xf),
                find(id, "rounding", Rounding.values(), Rounding::wireCode, id >>> ROUNDING_SHIFT));
    }

    private static WireFormat integer(int id) {
        int bits = id >>> COUNT_SHIFT;
        if (bits != 4 && bits != 8) {
            throw unknown(id, "bits " + Integer.toUnsignedString(bits) + " are not 4 or 8");
        }
        IntegerFormat.Axis[] axes = IntegerFormat.Axis.values();
        return new IntegerFormat(bits, find(id, "axis", axes, FormatId::code, id >>> AXIS_SHIFT & 0xf));
    }

    private static WireFormat topK(int id) {
        int keepOneIn = id >>> COUNT_SHIFT;
        if (keepOneIn < 1 || keepOneIn > TopKFormat.MAX_KEEP_ONE_IN || (id >>> AXIS_SHIFT & 0xf) != 0) {
            throw unknown(id, "topk keeps one in 1..%d and has no other bits".formatted(TopKFormat.MAX_KEEP_ONE_IN));
        }
        return new TopKFormat(keepOneIn);
    }

    private static int code(IntegerFormat.Axis axis) {
        return switch (axis) {
            case TOKEN -> 0;
            case CHANNEL -> 1;
        };
    }

    private static int code(ElementType element) {
        return element.exponentBits() << 4 | element.mantissaBits();
    }

    private static <T> T find(int id, String field, T[] values, ToIntFunction<T> code, int wanted) {
        return Arrays.stream(values)
                .filter(value -> code.applyAsInt(value) == wanted)
                .findFirst()
                .orElseThrow(() -> unknown(id, "%s code 0x%x is unknown".formatted(field, wanted)));
    }

    private static IllegalArgumentException unknown(int id, String reason) {
        return new IllegalArgumentException("format id 0x%08x names no wire format: %s".formatted(id, reason));
    }
}
