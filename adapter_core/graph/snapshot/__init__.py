"""The texts and facts of one moment: open editors, over files that changed, over what is stored. `snapshot.view` is the door."""
