package dev.waterspout.kernels.codec;

import java.lang.foreign.MemorySegment;

/** The reference: one element at a time, as the definitions read. */
final class ScalarMxCodec extends ElementCodec {
    private final MxFormat format;
    private final BlockQuantizer quantizer;

    ScalarMxCodec(MxFormat format) {
        this.format = format;
        this.quantizer = new BlockQuantizer(format);
    }

    @Override
    public MxFormat format() {
        return format;
    }

    @Override
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        Shapes.checkStrided("source", source, rows, columns, stride);
        Shapes.checkEncoded("target", target, format, rows, columns);
        target.asSlice(0, format.encodedBytes(rows, columns)).fill((byte) 0);
        MxLayout layout = new MxLayout(format, columns);
        for (int row = 0; row < rows; row++) {
            for (int block = 0; block < layout.blocks(); block++) {
                encodeBlock(source, stride, layout, row, block, target);
            }
        }
    }

    private void encodeBlock(
            MemorySegment source, int stride, MxLayout layout, int row, int block, MemorySegment target) {
        int first = block * format.block();
        int end = Math.min(first + format.block(), layout.columns());
        int largest = 0;
        for (int column = first; column < end; column++) {
            float value = source.get(Layouts.F32, ScalarLoops.offset(row, column, stride));
            largest = Math.max(largest, Float.floatToRawIntBits(value) & 0x7fffffff);
        }
        int scaleCode = quantizer.scaleCode(largest);
        layout.putScaleCode(target, row, block, scaleCode);
        if (quantizer.isNan(scaleCode)) {
            return;
        }
        for (int column = first; column < end; column++) {
            float value = source.get(Layouts.F32, ScalarLoops.offset(row, column, stride));
            layout.putElementCode(target, row, column, quantizer.elementCode(value, scaleCode));
        }
    }

    @Override
    ScalarLoops.Elements elements(int columns) {
        MxLayout layout = new MxLayout(format, columns);
        return (packed, row, column) -> value(packed, layout, row, column);
    }

    private float value(MemorySegment packed, MxLayout layout, int row, int column) {
        return quantizer.value(
                layout.elementCode(packed, row, column), layout.scaleCode(packed, row, column / format.block()));
    }
}
