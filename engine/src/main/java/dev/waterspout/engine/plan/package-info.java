/**
 * Which rank computes what. A plan is computed once, validated, and the same on every rank.
 */
@NullMarked
package dev.waterspout.engine.plan;

import org.jspecify.annotations.NullMarked;
