package dev.waterspout.engine.tornado;

import dev.waterspout.engine.environment.Environment;
import dev.waterspout.engine.forward.CodecSize;
import dev.waterspout.engine.forward.RankOptions;
import dev.waterspout.engine.forward.ShardCompute;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.engine.model.Model;
import dev.waterspout.engine.plan.PlanException;
import dev.waterspout.engine.plan.Shard;
import dev.waterspout.engine.plan.Span;
import dev.waterspout.interconnect.policy.measure.CodecCosts;
import dev.waterspout.kernels.codec.WireFormat;
import dev.waterspout.kernels.device.CompileLock;
import dev.waterspout.kernels.device.KernelChoices;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.peer.PeerEnd;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

/**
 * Factory of shards on a TornadoVM device.
 *
 * @param name name of the device on the command line
 * @param device the device that TornadoVM lists
 * @param end the rank's end of a link between the devices of all ranks, used by one shard only; null if there is no
 *     link
 * @param use phases in which the link is used
 * @param choices choices of tuned kernels
 * @param capturing whether graphs of decode are captured as CUDA graphs on devices that have them
 */
record TornadoShards(
        String name, TornadoDevice device, @Nullable PeerEnd end, PeerUse use, KernelChoices choices, boolean capturing)
        implements ShardFactory {
    @Override
    public ShardCompute create(Model model, Shard shard, int ranks, RankOptions options) {
        requireWholeGroups(shard, model.config().groupSize());
        return CompileLock.building(() -> new TornadoShard(this, model, shard, ranks, options));
    }

    /**
     * Refuses a shard whose KV heads have different numbers of query heads, which the device kernels do not support.
     */
    private void requireWholeGroups(Shard shard, int groupSize) {
        Span heads = shard.heads();
        boolean whole = heads.from() % groupSize == 0 && heads.to() % groupSize == 0;
        if (shard.kvHeads().size() > 1 && !whole) {
            throw new PlanException("rank " + shard.rank() + " on " + name + " has the query heads " + heads.from()
                    + " to " + (heads.to() - 1) + ", and " + groupSize + " share a KV head; a TornadoVM device"
                    + " needs all query heads of each KV head, or some of a single one: use another number of ranks or"
                    + " another split");
        }
    }

    @Override
    public CodecCosts codecs(List<WireFormat> formats, CodecSize size) {
        return DeviceCodecs.measure(this, formats, size);
    }

    /** {@return the variant, limits and kernel choices of the device} */
    KernelDevice kernels() {
        return KernelDevice.of(device).with(choices);
    }

    /** {@return whether graphs of decode are captured as CUDA graphs} The user can switch that off. */
    boolean captures() {
        return capturing
                && device.getTornadoVMBackend() == TornadoVMBackendType.CUDA
                && Environment.capturesCudaGraphs();
    }

    /** {@return the same devices, whose graphs of decode are captured or not} */
    TornadoShards withCapture(boolean captured) {
        return new TornadoShards(name, device, end, use, choices, captured);
    }

    /** {@return the link's end for prefill, or null if its partials go through the host} */
    @Nullable
    PeerEnd prefillEnd() {
        return use.prefill() ? end : null;
    }

    /** {@return the link's end for decode, or null if its partials go through the host} */
    @Nullable
    PeerEnd decodeEnd() {
        return use.decode() ? end : null;
    }

    /** {@return this rank's part of a trial} May be called only if there is a link. */
    TrialRank trial(WireFormat format, int bytes, int ranks) {
        return CompileLock.building(
                () -> new TrialRank(name, device, Objects.requireNonNull(end), format, bytes, ranks));
    }
}
