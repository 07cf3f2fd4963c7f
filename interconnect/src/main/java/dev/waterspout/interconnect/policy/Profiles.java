package dev.waterspout.interconnect.policy;

/**
 * What a decision is made from.
 *
 * @param link what bytes cost
 * @param codec what arithmetic costs
 */
public record Profiles(LinkProfile link, CodecProfile codec) {}
