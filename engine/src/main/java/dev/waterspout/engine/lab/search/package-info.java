/**
 * The search for wire formats that suit one model. Errors of summed partials rule out most formats; perplexity on
 * held-out text decides among the rest.
 */
@NullMarked
package dev.waterspout.engine.lab.search;

import org.jspecify.annotations.NullMarked;
