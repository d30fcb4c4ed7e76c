package sys

const StackGuardMultiplierDefault = 1
