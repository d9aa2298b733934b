"""The Drawer: a site of ad concepts written for this project, served on loopback to show and to test the crawler."""
