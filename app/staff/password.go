package staff

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"math/big"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Argon2id with the parameters that OWASP's password storage cheat sheet gives
// for 19 MiB of memory: about 30 ms, too slow to guess, too cheap to choke on.
const (
	argonTime    = 2
	argonMemory  = 19 * 1024 // KiB
	argonThreads = 1
	argonKey     = 32
	saltLength   = 16
)

// hashPassword returns the salted hash in the usual argon2 text form.
func hashPassword(password string) string {
	salt := make([]byte, saltLength)
	if _, err := rand.Read(salt); err != nil {
		panic(err) // crypto/rand never fails on the systems we run on
	}
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// passwordIs compares in constant time. A hash that cannot be read matches nothing.
func passwordIs(hash, password string) bool {
	var version, memory, time, threads int
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &memory, &time, &threads); err != nil {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	key, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(key) == 0 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, uint32(time), uint32(memory), uint8(threads), uint32(len(key)))
	return subtle.ConstantTimeCompare(got, key) == 1
}

// nobody is compared with when there is no such account, so that the answer
// takes as long as for one that exists.
var nobody = hashPassword("nobody has this password")

// oneTimeLetters leaves out what is easily misread from paper.
const oneTimeLetters = "abcdefghjkmnpqrstuvwxyz23456789"

// oneTimePassword draws a password of 12 letters in groups of four (59 bits),
// to be changed at the first sign-in.
func oneTimePassword() string {
	var b strings.Builder
	for i := range 12 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(oneTimeLetters))))
		if err != nil {
			panic(err)
		}
		b.WriteByte(oneTimeLetters[n.Int64()])
	}
	return b.String()
}

// common are passwords that are tried first by anyone who guesses.
var common = []string{
	"password", "passw0rd", "1234567890", "0123456789", "qwertyuiop", "1q2w3e4r5t", "abcdefghij",
	"mynumber", "madoguchi", "administrator", "letmein", "iloveyou", "aaaaaaaaaa", "yakuba", "jumin",
}

// weak reports whether a password is too easy: shorter than least characters,
// made of few different characters, holding the staff ID or a common password
// as its main part.
func weak(password, staffID string, least int) bool {
	lower := strings.ToLower(password)
	if utf8.RuneCountInString(password) < least || utf8.RuneCountInString(password) > 128 {
		return true
	}
	different := map[rune]bool{}
	for _, r := range lower {
		different[r] = true
	}
	if len(different) < 5 {
		return true
	}
	for _, word := range append([]string{strings.ToLower(staffID)}, common...) {
		rest := utf8.RuneCountInString(strings.ReplaceAll(lower, word, ""))
		if word != "" && strings.Contains(lower, word) && rest < 6 {
			return true
		}
	}
	return false
}
