// Madoguchi is the counter (窓口) at which a town issues My Number cards: the
// resident site, the staff console and what keeps them alive, in one binary.
package main

import (
	"context"
	"embed"
	"os"
	"os/signal"
	"syscall"

	"madoguchi/app"
)

//go:embed assets templates litestream.yml docs/runbooks
var files embed.FS

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := app.Main(ctx, app.Surroundings{Files: files, Args: os.Args[1:], In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	stop()
	os.Exit(status)
}
