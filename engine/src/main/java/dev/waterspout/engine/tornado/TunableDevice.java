package dev.waterspout.engine.tornado;

import dev.waterspout.engine.forward.DeviceException;
import dev.waterspout.engine.forward.ShardFactory;
import dev.waterspout.kernels.device.DeviceIdentity;
import dev.waterspout.kernels.device.KernelCandidates;
import dev.waterspout.kernels.device.KernelChoice;
import dev.waterspout.kernels.device.KernelChoices;
import dev.waterspout.kernels.device.KernelDevice;
import dev.waterspout.kernels.device.KernelShape;
import dev.waterspout.kernels.device.KernelVariant;
import dev.waterspout.kernels.device.tune.KernelTuner;
import dev.waterspout.kernels.device.tune.TuneCase;
import dev.waterspout.kernels.device.tune.TuneResult;
import dev.waterspout.kernels.host.Activations;
import dev.waterspout.kernels.probe.DeviceCeiling;
import dev.waterspout.kernels.probe.DeviceProbe;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A device whose kernels have several implementations: a device of TornadoVM or of the emulator. */
public final class TunableDevice {
    private final TornadoShards shards;

    private TunableDevice(TornadoShards shards) {
        this.shards = shards;
    }

    /**
     * Returns the device of a factory of shards; empty for the host.
     *
     * @param shards factory of shards
     */
    public static Optional<TunableDevice> of(ShardFactory shards) {
        return shards instanceof TornadoShards tornado ? Optional.of(new TunableDevice(tornado)) : Optional.empty();
    }

    /** Returns the identity of the device, which is the key of its measurements. */
    public DeviceIdentity identity() {
        return DeviceIdentity.of(shards.device());
    }

    /** Returns whether the device is a CPU. */
    public boolean isCpu() {
        return KernelVariant.of(shards.device().getDeviceType()) == KernelVariant.ITEMS;
    }

    /**
     * Returns the reason why the device cannot run a kernel with a choice; empty if it can.
     *
     * @param shape shape of the launch
     * @param choice the choice
     */
    public Optional<String> problem(KernelShape shape, KernelChoice choice) {
        return KernelCandidates.problem(shape, choice, KernelDevice.of(shards.device()));
    }

    /**
     * Returns a factory of shards with these kernel choices.
     *
     * @param choices the choices that replace the defaults
     */
    public ShardFactory with(KernelChoices choices) {
        return new TornadoShards(
                shards.name(), shards.device(), shards.end(), shards.use(), choices, shards.capturing());
    }

    /**
     * Tunes kernels. Nothing else may run on the device at the same time.
     *
     * @param cases the kernels and shapes to tune
     * @param activations inputs of products with quantized weights
     * @param budget time for all cases together
     * @param listener receives the progress of every case
     * @throws DeviceException if a kernel fails or gives a wrong result with its default choice
     */
    public List<TuneResult> tune(
            List<TuneCase> cases, Activations activations, Duration budget, KernelTuner.Listener listener) {
        return attempt(() -> {
            KernelDevice kernels = KernelDevice.of(shards.device()).with(activations);
            return new KernelTuner(shards.device(), kernels).tune(cases, budget, listener);
        });
    }

    /**
     * Measures the highest throughput that kernels reach on the device.
     *
     * @throws DeviceException if the device fails
     */
    public DeviceCeiling ceiling() {
        return attempt(() -> DeviceProbe.measure(shards.device()));
    }

    private <T> T attempt(Supplier<T> work) {
        try {
            return work.get();
        } catch (RuntimeException | Error failure) { // TornadoVM throws Errors as well as exceptions
            throw new DeviceException(
                    "device " + shards.name() + " failed while it was tuned: " + failure.getMessage(), failure);
        }
    }
}
