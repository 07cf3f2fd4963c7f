package dev.waterspout.interconnect.policy;

import dev.waterspout.interconnect.policy.Measurements.Trial;
import dev.waterspout.interconnect.policy.measure.Bench;
import java.util.List;

/** Runs whole exchanges, by whose times a policy corrects its predictions. */
@FunctionalInterface
public interface TrialRunner {
    /** Runs no trial; the policy uses the model alone. */
    TrialRunner NONE = (bench, settings, candidates, calibration) -> List.of();

    /**
     * Runs the exchanges of a run over scratch memory within the time limit of the settings. Called on all ranks.
     *
     * @param bench transport, ports and clocks of this rank
     * @param settings sizes and time
     * @param candidates the choices for each size
     * @param calibration receives each trial as soon as it is made, and decides which exchanges to try
     * @return the trials, the same on every rank
     */
    List<Trial> run(Bench bench, CommSettings settings, Candidates candidates, Calibration calibration);
}
