package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.Measurements.Trial;
import dev.waterspout.interconnect.policy.measure.Bench;
import java.util.List;

/** Runs whole exchanges, so that a policy can correct what its model predicts. */
@FunctionalInterface
public interface TrialRunner {
    /** Runs nothing: the model decides alone. */
    TrialRunner NONE = (bench, settings, candidates, calibration) -> List.of();

    /**
     * Runs exchanges as they will be used, over scratch memory, for as long as the settings allow. Called on all ranks.
     *
     * @param bench the rank's frames and memory
     * @param settings sizes and time
     * @param candidates the choices for each size
     * @param calibration receives each trial as soon as it is made, and tells which exchanges are worth one
     * @return the trials, the same on every rank
     */
    List<Trial> run(Bench bench, CommSettings settings, Candidates candidates, Calibration calibration);
}
