"""What a user takes home besides data: a page that tells of runs, and a script that repeats one."""
