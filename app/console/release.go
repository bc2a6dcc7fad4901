package console

import (
	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/store"
)

// releaseSignIn lets a resident who mistyped too often sign in again at once;
// the person telephones and has shown to the clerk who they are.
func (d *Desk) releaseSignIn(c *gin.Context) error {
	return d.write(c, "sign_in_released", func(tx *store.Tx) (string, error) {
		return "/recipients/" + string(refOf(c)), card.ReleaseSignIn(tx, actor(c), refOf(c))
	})
}
