package qr

// Format is the kind of a file, told from its first bytes and never from its
// name.
type Format string
