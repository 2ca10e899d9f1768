@rem Windows has no exec, which the scripts of package.json need elsewhere: signals reach the program.
@%*
