package dev.waterspout.engine.http.transport;

import java.util.ArrayList;
import java.util.List;

/**
 * The actions of {@link Exchange#onGone}, for the case that a client closes its connection before its answer has ended.
 * May be used by any thread.
 */
public final class GoneActions {
    private final List<Runnable> actions = new ArrayList<>();
    private boolean gone;
    private boolean ended;

    /** Adds an action. If the connection has closed already, the action runs within this call. */
    public void add(Runnable action) {
        synchronized (actions) {
            if (!gone) {
                actions.add(action);
                return;
            }
        }
        action.run();
    }

    /** Runs the actions, once, unless the answer has ended. Called when the connection closes. */
    public void run() {
        List<Runnable> all;
        synchronized (actions) {
            if (gone || ended) {
                return;
            }
            gone = true;
            all = List.copyOf(actions);
        }
        all.forEach(Runnable::run);
    }

    /** Returns whether the actions have run: the connection has closed. */
    public boolean hasRun() {
        synchronized (actions) {
            return gone;
        }
    }

    /** Discards the actions: the answer has ended. */
    public void end() {
        synchronized (actions) {
            ended = true;
        }
    }
}
