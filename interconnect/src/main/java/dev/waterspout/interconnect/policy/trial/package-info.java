/** Trials: whole exchanges that are run in turn over scratch memory, so that a policy can correct its predictions. */
@NullMarked
package dev.waterspout.interconnect.policy.trial;

import org.jspecify.annotations.NullMarked;
