package clients

// LookMax is how many commands one look-up asks for at most.
const LookMax = lookMax
