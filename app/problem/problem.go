// Package problem is how the product says that something expected went wrong:
// a kind that decides the answer's status, a code that the words are looked up
// by, and the fields concerned. No sentence and no HTTP here.
package problem

import (
	"errors"
	"maps"
	"slices"
)

// Kind decides how an answer is given.
type Kind string

// The kinds, with the status that web gives them.
const (
	Invalid   Kind = "invalid"   // 422: what was typed cannot be used
	SignIn    Kind = "sign_in"   // 303 to the sign-in page
	Forbidden Kind = "forbidden" // 403
	NotFound  Kind = "not_found" // 404
	Conflict  Kind = "conflict"  // 409: someone was there first
	Busy      Kind = "busy"      // 503 with Retry-After
)

// Problem is an expected failure. Compare with Is; make one with Define, add
// what is particular with On and With.
type Problem struct {
	Kind Kind
	Code string
	// Fields names the form fields concerned, each with the code of its sentence.
	Fields map[string]string
	// Args fill the sentence's placeholders.
	Args map[string]string
}

func (p *Problem) Error() string { return string(p.Kind) + ": " + p.Code }

// Is makes errors.Is compare by code.
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Problem)
	return ok && t.Code == p.Code
}

var defined = map[string]*Problem{}

// Define makes a problem and lists its code, for package variables. Two
// problems with one code are a mistake in the program.
func Define(kind Kind, code string) *Problem {
	if defined[code] != nil {
		panic("problem defined twice: " + code)
	}
	p := &Problem{Kind: kind, Code: code}
	defined[code] = p
	return p
}

// Codes lists every defined code, sorted.
func Codes() []string { return slices.Sorted(maps.Keys(defined)) }

// On returns p for one field: the sentence stands beside it.
func (p *Problem) On(field string) *Problem {
	q := p.copy()
	q.Fields[field] = p.Code
	return q
}

// With returns p with one placeholder filled.
func (p *Problem) With(name, value string) *Problem {
	q := p.copy()
	q.Args[name] = value
	return q
}

func (p *Problem) copy() *Problem {
	q := &Problem{Kind: p.Kind, Code: p.Code, Fields: map[string]string{}, Args: map[string]string{}}
	maps.Copy(q.Fields, p.Fields)
	maps.Copy(q.Args, p.Args)
	return q
}

// As returns the problem in err's chain, if there is one.
func As(err error) (*Problem, bool) {
	var p *Problem
	ok := errors.As(err, &p)
	return p, ok
}
