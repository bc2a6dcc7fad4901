// Package app is the municipality's service: it reads what the operator wants,
// opens the store and runs one command.
package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"

	"madoguchi/store/replica"
)

// Exit statuses.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	// exitFenced tells the service manager not to start it again as it was.
	exitFenced = 42
)

// Surroundings is what the program runs in: its embedded files and the
// process's arguments and streams.
type Surroundings struct {
	Files    fs.FS
	Args     []string
	In       io.Reader
	Out, Err io.Writer
}

// usageError is a mistake in how the program was called: exit status 2.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

// statusError is the exit status of a command that has said itself what is wrong.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func wrongUsage(format string, args ...any) error {
	return usageError{fmt.Sprintf(format, args...)}
}

// Main runs the command that the arguments name and returns the exit status:
// 0 done, 1 failed, 2 wrong usage, 42 another server has taken over.
func Main(ctx context.Context, s Surroundings) int {
	if len(s.Args) == 0 {
		fmt.Fprint(s.Err, overview())
		return exitUsage
	}
	name := s.Args[0]
	if name == "help" || name == "--help" || name == "-h" {
		fmt.Fprint(s.Out, overview())
		return exitDone
	}
	c, ok := lookUp(name)
	if !ok {
		fmt.Fprintf(s.Err, "「%s」という命令はありません。\n\n%s", name, overview())
		return exitUsage
	}
	s.Args = s.Args[1:]
	err := c.run(ctx, s)
	var usage usageError
	var status statusError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		fmt.Fprintf(s.Err, "%s\n使い方: madoguchi %s --help\n", usage.text, c.name)
		return exitUsage
	}
	fmt.Fprintf(s.Err, "失敗しました: %s\n", explain(err))
	if errors.Is(err, replica.ErrFenced) {
		return exitFenced
	}
	return exitFailed
}

// environment reads MADOGUCHI_… variables; a variable of its own so that
// nothing else in the package asks the process.
func environment(name string) string { return os.Getenv(name) }
