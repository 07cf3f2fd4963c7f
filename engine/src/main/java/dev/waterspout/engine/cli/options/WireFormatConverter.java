package dev.waterspout.engine.cli.options;

import dev.waterspout.kernels.codec.WireFormat;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads a wire format from the command line. */
public final class WireFormatConverter implements ITypeConverter<WireFormat> {
    @Override
    public WireFormat convert(String value) {
        try {
            return WireFormat.parse(value);
        } catch (IllegalArgumentException failure) {
            throw new TypeConversionException(String.valueOf(failure.getMessage()));
        }
    }
}
