package dev.waterspout.engine.device;

import dev.waterspout.engine.forward.CodecOffload;
import dev.waterspout.engine.forward.CodecSize;
import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.OffloadPort;
import dev.waterspout.interconnect.collective.StagedPort;
import dev.waterspout.kernels.fpga.FpgaCodec;
import dev.waterspout.kernels.fpga.FpgaKernels;
import dev.waterspout.kernels.fpga.Vendor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoDeviceType;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * A TornadoVM device that runs the FPGA kernels.
 *
 * @param name its name on the command line
 * @param device the device that TornadoVM lists
 */
public record CodecDevice(String name, TornadoDevice device) implements CodecOffload {
    /** {@return whether TornadoVM treats it as an FPGA, on which it loads bitstreams and compiles nothing} */
    public boolean takesBitstreams() {
        String platform = device.getPlatformName().toLowerCase(Locale.ROOT);
        TornadoDeviceType type = device.getDeviceType();
        return (type == TornadoDeviceType.ACCELERATOR || type == TornadoDeviceType.FPGA)
                && (platform.contains("fpga") || platform.contains("xilinx"));
    }

    /**
     * Checks that the device can run the kernels.
     *
     * @param bitstream whether one was given
     * @throws DeviceException if it cannot; the message names the missing part
     */
    public void requireRunnable(boolean bitstream) {
        if (!FloatArray.class.getModule().isNamed() || device.getTornadoVMBackend() != TornadoVMBackendType.OPENCL) {
            throw new DeviceException("device " + name
                    + " does not run the FPGA kernels, which are OpenCL C; devices of TornadoVM's OpenCL backend do,"
                    + " named tornado:opencl:<index>");
        }
        if (bitstream && !takesBitstreams()) {
            throw new DeviceException("device " + name + " is a " + device.getDeviceType() + " of the platform '"
                    + device.getPlatformName()
                    + "' and takes no bitstream: TornadoVM loads bitstreams on accelerators whose"
                    + " platform's name has 'fpga' or 'xilinx' in it; without a bitstream the kernels are compiled from"
                    + " source");
        }
        if (!bitstream && takesBitstreams()) {
            throw new DeviceException("device " + name
                    + " is an FPGA and needs a bitstream; the vendor's compiler makes one from the files that "
                    + "'waterspout lab"
                    + " fpga export' writes");
        }
    }

    /**
     * {@return the kernels on the device; they compile or load on the first use}
     *
     * @param kernels kernels of a format
     * @param rows tokens of the largest partial
     * @param columns elements of its rows
     * @throws DeviceException if the device's runtime reports an error
     */
    public Opened open(FpgaKernels kernels, int rows, int columns) {
        try {
            Path source = Files.createTempFile(kernels.name(), ".cl");
            source.toFile().deleteOnExit(); // a process that is asked to end (SIGTERM) closes nothing
            Files.writeString(source, kernels.source(Vendor.DRIVER));
            return new Opened(new FpgaCodec(kernels, source, device, rows, columns), source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (IllegalArgumentException e) {
            throw e;
        } catch (RuntimeException | Error failure) { // TornadoVM's own failures are Errors as often as exceptions
            throw failed(failure);
        }
    }

    DeviceException failed(Throwable failure) {
        return new DeviceException("device " + name + " failed in the FPGA kernels: " + failure.getMessage(), failure);
    }

    /**
     * Kernels and their source file.
     *
     * @param codec the kernels
     * @param source source file, deleted on close
     */
    public record Opened(FpgaCodec codec, Path source) implements AutoCloseable {
        @Override
        public void close() {
            try (codec) {
                Files.deleteIfExists(source);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public OffloadPort open(StagedPort host, CodecSize size, MemorySegment partial, MemorySegment residual) {
        return new CodecPort(this, FpgaKernels.of(host.format(), size.ranks()), host, size, partial, residual);
    }
}
