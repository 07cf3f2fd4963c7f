package dev.waterspout.kernels.fpga;

import dev.waterspout.kernels.device.CompileLock;
import dev.waterspout.kernels.device.ExactPlans;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.concurrent.locks.Lock;
import uk.ac.manchester.tornado.api.AccessorParameters;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid;
import uk.ac.manchester.tornado.api.WorkerGrid1D;
import uk.ac.manchester.tornado.api.common.Access;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.ByteArray;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;

/**
 * The kernels on a device, as prebuilt tasks. Partials and messages lie on the host; every call copies them to the
 * device and back. The codec writes the same bytes and decodes to the same bits as the reference codec. Used by one
 * thread.
 *
 * <p>On a device that compiles from source, the file holds the source. If TornadoVM has a bitstream for these tasks,
 * it loads the bitstream and does not read the file.
 */
public final class FpgaCodec implements AutoCloseable {
    /** The name of the task that encodes; a bitstream is assigned to a task by its name. */
    public static final String QUANTIZE_TASK = "fpgaQuantize.quantize";

    /** The name of the task that sums. */
    public static final String SUM_TASK = "fpgaSum.sum";

    private static final int QUANTIZE = 0;
    private static final int SUM = 1;
    private static final int PAD_FLOATS = BlockStream.PAD_BYTES / Float.BYTES;

    private final FpgaKernels kernels;
    private final int capacity;
    private final FloatArray partial;
    private final FloatArray residual;
    private final ByteArray packedScales;
    private final ByteArray packedElements;
    private final ByteArray packetScales;
    private final ByteArray packetElements;
    /**
     * Work-items per group, one per block. On FPGAs TornadoVM replaces groups of any other size, and the launch then
     * fails silently.
     */
    private final WorkerGrid grid = new WorkerGrid1D(FpgaKernels.TILE_BLOCKS);

    private final TornadoExecutionPlan plan;
    private final boolean[] ran = new boolean[2];

    /**
     * Allocates arrays for the largest partial. Compiling and loading happen on the first use.
     *
     * @param kernels kernels of a format
     * @param file file with their source
     * @param device device that runs them
     * @param rows tokens of the largest partial, at least 1
     * @param columns elements of its rows, at least 1
     * @throws IllegalArgumentException if an array would have more elements than TornadoVM's can
     */
    public FpgaCodec(FpgaKernels kernels, Path file, TornadoDevice device, int rows, int columns) {
        this.kernels = kernels;
        this.capacity = new BlockStream(kernels, rows, columns).tiles();
        this.partial = new FloatArray(size(rows, columns, BlockStream.floats(kernels, capacity) + PAD_FLOATS));
        this.residual = new FloatArray(partial.getSize());
        this.packedScales = bytes(rows, columns, BlockStream.scaleBytes(capacity));
        this.packedElements = bytes(rows, columns, BlockStream.elementBytes(kernels, capacity));
        this.packetScales = bytes(rows, columns, kernels.ranks() * BlockStream.scaleBytes(capacity));
        this.packetElements = bytes(rows, columns, kernels.ranks() * BlockStream.elementBytes(kernels, capacity));
        GridScheduler grids = new GridScheduler();
        grids.addWorkerGrid(QUANTIZE_TASK, grid);
        grids.addWorkerGrid(SUM_TASK, grid);
        TornadoExecutionPlan made = new TornadoExecutionPlan(new ImmutableTaskGraph[] {
                    quantizeGraph(file).snapshot(), sumGraph(file).snapshot()
                })
                .withDevice(device)
                .withGridScheduler(grids);
        this.plan = ExactPlans.exact(made, device);
    }

    private static ByteArray bytes(int rows, int columns, long count) {
        return new ByteArray(size(rows, columns, count + BlockStream.PAD_BYTES));
    }

    private static int size(int rows, int columns, long count) {
        if (count > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "codec of " + rows + " rows of " + columns + " columns needs an array of " + count
                            + " elements; TornadoVM's have at most " + Integer.MAX_VALUE);
        }
        return (int) count;
    }

    private TaskGraph quantizeGraph(Path file) {
        AccessorParameters arguments = new AccessorParameters(3);
        arguments.set(0, partial, Access.READ_ONLY);
        arguments.set(1, packedScales, Access.WRITE_ONLY);
        arguments.set(2, packedElements, Access.WRITE_ONLY);
        return new TaskGraph(QUANTIZE_TASK.substring(0, QUANTIZE_TASK.indexOf('.')))
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, partial)
                .prebuiltTask(
                        QUANTIZE_TASK.substring(QUANTIZE_TASK.indexOf('.') + 1),
                        FpgaKernels.QUANTIZE,
                        file.toString(),
                        arguments)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, packedScales, packedElements);
    }

    private TaskGraph sumGraph(Path file) {
        AccessorParameters arguments = new AccessorParameters(3);
        arguments.set(0, packetScales, Access.READ_ONLY);
        arguments.set(1, packetElements, Access.READ_ONLY);
        arguments.set(2, residual, Access.READ_WRITE);
        return new TaskGraph(SUM_TASK.substring(0, SUM_TASK.indexOf('.')))
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, packetScales, packetElements, residual)
                .prebuiltTask(
                        SUM_TASK.substring(SUM_TASK.indexOf('.') + 1),
                        FpgaKernels.DEQUANTIZE_SUM,
                        file.toString(),
                        arguments)
                .transferToHost(DataTransferMode.EVERY_EXECUTION, residual);
    }

    /** {@return the kernels} */
    public FpgaKernels kernels() {
        return kernels;
    }

    /**
     * Packs a partial.
     *
     * @param source f32 {@code [rows][stride]}, of which the first {@code columns} of each row count
     * @param rows tokens, 0 or more
     * @param columns elements of a row, at least 1
     * @param stride elements from the start of one row to that of the next, at least {@code columns}
     * @param target receives the message, {@code rows x rowBytes} bytes
     * @throws IllegalArgumentException if a segment is too small, or the partial larger than the largest
     */
    public void encode(MemorySegment source, int rows, int columns, int stride, MemorySegment target) {
        BlockStream stream = stream(rows, columns, stride);
        stream.requireFloats("source", source, stride);
        stream.requireMessage("target", target);
        if (rows > 0) {
            stream.fill(source, stride, partial.getSegment());
            execute(QUANTIZE, stream.tiles());
            stream.pack(packedScales.getSegment(), packedElements.getSegment(), target);
        }
    }

    /**
     * {@code residual <- ((dequantize(packet 0) + dequantize(packet 1)) + ...) + residual}, in f32.
     *
     * @param packets messages in rank order, 1 to as many as the kernels have ranks
     * @param rows tokens, 0 or more
     * @param columns elements of a row, at least 1
     * @param sum f32 {@code [rows][stride]}, the residual, read and written
     * @param stride elements from the start of one row to that of the next, at least {@code columns}
     * @throws IllegalArgumentException as {@link #encode}, or if there are more packets
     */
    public void decodeSum(MemorySegment[] packets, int rows, int columns, MemorySegment sum, int stride) {
        if (packets.length < 1 || packets.length > kernels.ranks()) {
            throw new IllegalArgumentException(
                    "sum of " + packets.length + " partials; the FPGA kernels were made for 1 to " + kernels.ranks());
        }
        BlockStream stream = stream(rows, columns, stride);
        stream.requireFloats("residual", sum, stride);
        for (MemorySegment packet : packets) {
            stream.requireMessage("packet", packet);
        }
        if (rows > 0) {
            for (int rank = 0; rank < kernels.ranks(); rank++) {
                if (rank < packets.length) {
                    stream.unpack(packets[rank], rank, packetScales.getSegment(), packetElements.getSegment());
                } else {
                    stream.unpackNothing(rank, packetScales.getSegment(), packetElements.getSegment());
                }
            }
            stream.fill(sum, stride, residual.getSegment());
            execute(SUM, stream.tiles());
            stream.drain(residual.getSegment(), sum, stride);
        }
    }

    private BlockStream stream(int rows, int columns, int stride) {
        if (rows < 0 || columns < 1 || stride < columns) {
            throw new IllegalArgumentException("partial of " + rows + " rows of " + columns + " columns, " + stride
                    + " apart; rows are 0 or more, columns 1 or more, and rows do not overlap");
        }
        BlockStream stream = new BlockStream(kernels, rows, columns);
        if (stream.tiles() > capacity) {
            throw new IllegalArgumentException("partial of " + rows + " rows of " + columns + " columns takes "
                    + stream.tiles() + " tiles of 64 blocks; this codec holds " + capacity);
        }
        return stream;
    }

    private void execute(int graph, int tiles) {
        grid.setGlobalWork((long) tiles * FpgaKernels.TILE_BLOCKS, 1, 1);
        grid.setLocalWork(FpgaKernels.TILE_BLOCKS, 1, 1);
        Lock lock = CompileLock.of(!ran[graph]);
        lock.lock();
        try {
            plan.withGraph(graph).execute();
            ran[graph] = true;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        plan.freeDeviceMemory();
        try {
            plan.close();
        } catch (TornadoExecutionPlanException e) {
            throw new IllegalStateException("the codec's plan could not be released", e);
        }
    }
}
